import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GATEWAY_HEADER, STREAM_HEADERS } from '../../worker/live/stream-headers.ts'
import { expectDescribed } from '../described-stream.ts'
import { call, errorOf } from './api.ts'
import { feedSocket, helloOf, TestCollector } from './collector.ts'
import { type Api, addressOf, methodOf, neededOf, readApi } from './described.ts'
import { fillStore, MARKET } from './filled-store.ts'
import { leaseHeaders } from './leases.ts'
import { openSocket, TestSocket } from './socket.ts'
import { asOwner, setLease } from './store.ts'
import { tapped } from './tapped.ts'
import { PAGE, takeTicket, upgrade } from './upgrade.ts'

const EPOCH = 9300
const STREAM = `/v1/markets/${MARKET}/stream`
const { good, live, history, account, other, free } = env.TEST_KEYS
const collector = new TestCollector(EPOCH)
let api: Api

beforeAll(async () => {
  await fillStore()
  await setLease(EPOCH)
  collector.known(MARKET)
  await collector.connect()
  api = await readApi()
})

afterAll(() => collector.fallSilent())

/** What a stranger would say that we alone may say. */
const FORGED: Record<string, string> = {
  ...Object.fromEntries(Object.values(STREAM_HEADERS).map((name) => [name, 'forged'])),
  ...leaseHeaders('scale', 'forged'),
  [GATEWAY_HEADER]: 'forged',
  'x-kb-anything': 'forged',
  'X-KB-Scopes': 'live,history,account',
}

const SECRETS = { 'X-API-Key': good, Cookie: 'session=forged' }

/** Closes streams, and waits until the other side knows: an account may have so many. */
async function closed(...streams: TestSocket[]): Promise<void> {
  for (const stream of streams) stream.close()
  await Promise.all(streams.map((stream) => stream.closed))
}

/** Follows the market with a key, and reads on to its book. */
async function follow(key: string): Promise<TestSocket> {
  const stream = await openSocket(STREAM, { 'X-API-Key': key })
  expect(await stream.next()).toMatchObject({ type: 'welcome' })
  stream.send({ op: 'subscribe', id: 1, channels: ['book'] })
  await stream.nextWith('type', 'ready')
  return stream
}

test('two accounts on one market have each their own plan, numbers and subscriptions', async () => {
  const mine = await openSocket(STREAM, { 'X-API-Key': good })
  const theirs = await openSocket(STREAM, { 'X-API-Key': free })
  expect(await mine.next()).toMatchObject({ plan: 'pro', limits: { connections: 10 } })
  expect(await theirs.next()).toMatchObject({ plan: 'free', limits: { connections: 1 } })
  mine.send({ op: 'subscribe', id: 4, channels: ['book'] })
  await mine.nextWith('type', 'ready')
  theirs.send({ op: 'unsubscribe', sub: 1 })
  expect(await theirs.next()).toMatchObject({ type: 'error', code: 'invalid_param' })
  theirs.send({ op: 'resync' })
  theirs.send({ op: 'ping' })
  await theirs.nextWith('type', 'pong')
  collector.add(MARKET)
  expect(await mine.nextWith('type', 'deltas')).toMatchObject({ market: MARKET })
  theirs.send({ op: 'subscribe', id: 9, channels: ['book'] })
  expect(await theirs.nextWith('type', 'subscribed')).toMatchObject({ id: 9, sub: 1 })
  await theirs.nextWith('type', 'ready')
  mine.send({ op: 'unsubscribe', sub: 1 })
  expect(await mine.nextWith('type', 'unsubscribed')).toMatchObject({ sub: 1 })
  collector.add(MARKET)
  expect(await theirs.nextWith('type', 'deltas')).toMatchObject({ market: MARKET })
  const before = ({ messages }: TestSocket, type: string) =>
    messages.filter((each) => each['type'] === type).length
  expect(before(mine, 'deltas')).toBe(1)
  expect(before(mine, 'error')).toBe(0)
  expect(before(theirs, 'deltas')).toBe(1)
  for (const { messages } of [mine, theirs]) {
    for (const message of messages) expectDescribed(message, 'marketStream')
    expect(JSON.stringify(messages)).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/)
  }
  await closed(mine, theirs)
})

test('an account’s streams of any markets are its own object’s, its plan’s and its subscriptions alone', async () => {
  const open = async (key: string) => {
    const stream = await openSocket('/v1/stream', { 'X-API-Key': key, ...FORGED })
    const welcome = await stream.next()
    expectDescribed(welcome)
    return { stream, welcome }
  }
  const [mine, also, theirs, small] = [
    await open(good),
    await open(live),
    await open(other),
    await open(free),
  ]
  expect(mine.welcome).toMatchObject({ plan: 'pro' })
  expect(small.welcome).toMatchObject({ plan: 'free', limits: { connections: 1, markets: 10 } })
  expect(await upgrade('/v1/stream', { 'X-API-Key': free })).toMatchObject({
    status: 429,
    code: 'rate_limited',
  })
  mine.stream.send({ op: 'subscribe', id: 4, markets: [MARKET] })
  await mine.stream.nextWith('type', 'ready')
  for (const { stream } of [also, theirs]) {
    stream.send({ op: 'unsubscribe', sub: 1 })
    expect(await stream.nextWith('type', 'error')).toMatchObject({ code: 'invalid_param' })
    stream.send({ op: 'resync', market: MARKET })
    expect(await stream.nextWith('type', 'error')).toMatchObject({ code: 'unknown_market' })
  }
  collector.add(MARKET)
  await mine.stream.nextWith('type', 'deltas')
  for (const { stream } of [mine, also, theirs, small]) {
    for (const message of stream.messages) expectDescribed(message)
    await closed(stream)
  }
  for (const { stream } of [also, theirs, small]) {
    expect(JSON.stringify(stream.messages)).not.toContain(`"${MARKET}"`)
  }
})

test('of one account’s keys each does what its own scopes allow, and no more', async () => {
  expect((await upgrade(STREAM, { 'X-API-Key': history })).code).toBe('forbidden')
  expect((await upgrade(STREAM, { 'X-API-Key': account })).code).toBe('forbidden')
  const stream = await follow(live)
  const past = await call(`/v1/markets/${MARKET}/deltas`, { 'X-API-Key': live })
  expect(errorOf(past).code).toBe('forbidden')
  expect((await call(`/v1/markets/${MARKET}/deltas`, { 'X-API-Key': history })).status).toBe(200)
  stream.close()
})

test('a ticket does what its own key’s scopes allow, though another key of the account could more', async () => {
  const ticket = await takeTicket({}, { Origin: PAGE }, live)
  const set = (scopes: string) =>
    asOwner(
      (sql) => sql`update kb.api_keys set scopes = ${scopes} where display = ${live.slice(0, 12)}`,
    )
  await set('{history}')
  try {
    const protocol = { 'Sec-WebSocket-Protocol': `kb.v1, ${ticket}`, Origin: PAGE }
    expect((await upgrade(STREAM, protocol)).code).toBe('forbidden')
  } finally {
    await set('{live}')
  }
})

test('no header that a caller makes up reaches an object, whatever is asked for', async () => {
  for (const each of api.operations) {
    const upgraded = each.path.endsWith('stream') ? { Upgrade: 'websocket' } : {}
    const request = new Request(`https://kalshibook.test${addressOf(each, neededOf(each))}`, {
      method: methodOf(each),
      headers: { ...SECRETS, ...FORGED, ...upgraded, 'Sec-WebSocket-Protocol': 'kb.v1' },
    })
    const { response, requests, calls } = await tapped(request)
    expect(response.status, each.path).toBeLessThan(300)
    if (response.webSocket !== null) {
      expect(requests).toHaveLength(1)
      new TestSocket(response.webSocket).close()
    } else await response.body?.cancel()
    for (const headers of requests) expectOurs(headers)
    expect(JSON.stringify(calls)).not.toContain('forged')
  }
})

/** Nothing is told to an object but what we know of the caller. */
function expectOurs(headers: Headers): void {
  const ours: string[] = [...Object.values(STREAM_HEADERS), 'upgrade']
  for (const [name, value] of headers) {
    expect(ours, name).toContain(name)
    expect(value).not.toContain('forged')
    expect(value).not.toContain(good)
  }
  expect(decodeURIComponent(headers.get(STREAM_HEADERS.lease) ?? '')).toContain('"plan":"pro"')
}

test('a plan that is made up is not believed', async () => {
  const stream = await openSocket(STREAM, { 'X-API-Key': free, ...FORGED })
  expect(await stream.next()).toMatchObject({ plan: 'free', limits: { markets: 10 } })
  stream.send({ op: 'subscribe' })
  const image = await stream.nextWith('type', 'snapshot')
  expect(image).toMatchObject({ market_status: 'active' })
  await closed(stream)
})

test('the collector’s way in takes no header but its own, and makes nobody a gateway', async () => {
  const request = new Request('https://kalshibook.test/internal/feed/0', {
    headers: { Authorization: 'Bearer the-feed-token-of-tests', Upgrade: 'websocket', ...FORGED },
  })
  const { response, objects, requests } = await tapped(request)
  expect(response.status).toBe(101)
  expect(objects).toEqual(['FEED_SHARD feed:1:0'])
  expect(requests.map((headers) => [...headers.keys()])).toEqual([['upgrade']])
  if (response.webSocket === null) throw new Error('no websocket')
  const socket = new TestSocket(response.webSocket)
  // What a gateway says is no word of a collector's.
  socket.send({ watch: [[MARKET, null]] })
  expect((await socket.closed).code).toBeGreaterThanOrEqual(4000)
  expect(socket.messages).toEqual([])
})

test('no key of a customer’s opens the collector’s way in, and its token opens nothing else', async () => {
  for (const headers of [
    { 'X-API-Key': good, ...FORGED },
    { Authorization: `Bearer ${good}`, ...FORGED },
    {},
  ]) {
    const request = new Request('https://kalshibook.test/internal/feed/0', {
      headers: { Upgrade: 'websocket', ...headers } as Record<string, string>,
    })
    const { response, objects } = await tapped(request)
    expect(response.status).toBe(401)
    expect(objects).toEqual([])
  }
  const token = { Authorization: 'Bearer the-feed-token-of-tests' }
  expect((await upgrade(STREAM, token)).code).toBe('unauthorized')
  const again = await feedSocket()
  again.send(helloOf(EPOCH, { env: 'elsewhere' }))
  expect(await again.closed).toMatchObject({ code: 4400 })
})

/** Whoever bears a good key is metered by the object of his own account, which asks for nothing else. */
const exceptAccount = (objects: readonly string[]) =>
  objects.filter((each) => !each.startsWith('ACCOUNT '))

test('who is refused at the upgrade touches no object but his own account’s', async () => {
  const refused: [Record<string, string>, number, string][] = [
    [{}, 401, STREAM],
    [{ 'X-API-Key': history }, 403, STREAM],
    [{ 'X-API-Key': env.TEST_KEYS.revoked }, 401, STREAM],
    [{ 'X-API-Key': env.TEST_KEYS.expired }, 401, STREAM],
    [{}, 401, '/v1/stream'],
    [{ 'X-API-Key': history }, 403, '/v1/stream'],
    [{ 'X-API-Key': good }, 422, '/v1/stream?markets=A'],
    [{ 'Sec-WebSocket-Protocol': 'kb.v1, kbt_0made-up' }, 401, '/v1/stream'],
    [{ 'X-API-Key': good }, 404, '/v1/markets/KXMADE-UP-T1/stream'],
    [{ 'X-API-Key': good }, 422, '/v1/markets/a%20b/stream'],
    [{ 'X-API-Key': good }, 422, `${STREAM}?key=1`],
    [{ 'Sec-WebSocket-Protocol': 'kb.v1, kbt_0made-up' }, 401, STREAM],
    [{ 'Sec-WebSocket-Protocol': 'kb.v1', ...FORGED }, 401, STREAM],
  ]
  for (const [headers, status, path] of refused) {
    const request = new Request(`https://kalshibook.test${path}`, {
      headers: { Upgrade: 'websocket', ...headers },
    })
    const { response, objects } = await tapped(request)
    const touched = status === 401 ? objects : exceptAccount(objects)
    expect([response.status, touched]).toEqual([status, []])
    expect(await response.json()).toMatchObject({ error: { code: expect.any(String) } })
  }
})

test('a made-up ticker makes no object, however it is asked for', async () => {
  const key = { 'X-API-Key': other }
  for (const [path, method] of [
    ['/v1/markets/KXMADE-UP-T2/orderbook', 'GET'],
    ['/v1/markets/KXMADE-UP-T2/orderbook?stale=allow', 'GET'],
    ['/v1/orderbooks?tickers=KXMADE-UP-T2', 'GET'],
    ['/v1/stream/tickets', 'POST'],
  ] as const) {
    const request = new Request(`https://kalshibook.test${path}`, {
      method,
      headers: key,
      ...(method === 'POST' ? { body: '{"market":"KXMADE-UP-T2"}' } : {}),
    })
    const { response, objects } = await tapped(request)
    await response.body?.cancel()
    expect([path, exceptAccount(objects)]).toEqual([path, []])
  }
})
