import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { OPEN_TICKETS, readTicket, ticketPlace } from '#core/ticket'
import { makeApp } from '../../worker/app.ts'
import { ticketsStub } from '../../worker/live/stubs.ts'
import { type Answer, call, errorOf } from './api.ts'
import { asOwner, storeMarket } from './store.ts'
import { openTicket, PAGE, takeTicket, upgrade } from './upgrade.ts'

const MARKET = 'TICKET-26NOV22-T1.5'
const OTHER = 'TICKET-26NOV22-T2'
const STREAM = `/v1/markets/${MARKET}/stream`
const { good, live, history, other } = env.TEST_KEYS

beforeAll(async () => {
  await storeMarket(MARKET)
  await storeMarket(OTHER)
})

afterEach(() => vi.useRealTimers())

function ask(body: string, headers: Record<string, string> = {}): Promise<Answer> {
  return call('/v1/stream/tickets', { 'X-API-Key': good, ...headers }, 'POST', body)
}

/** What a ticket opens: 101, or the code of the refusal. */
async function opens(ticket: string, path = STREAM, origin: string | null = PAGE) {
  const { status, code } = await openTicket(ticket, path, origin)
  return status === 101 ? 101 : code
}

test('a ticket opens the stream of its market, once, for pages of its origin', async () => {
  const answer = await ask(`{"market":"${MARKET}"}`, { Origin: PAGE })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
  const { ticket, expires_ts } = answer.body['data'] as Record<string, string>
  expect(ticket).toMatch(/^kbt_[0-9a-f][\w-]{86}$/)
  const life = Date.parse(expires_ts ?? '') - Date.now()
  expect(life).toBeGreaterThan(55_000)
  expect(life).toBeLessThanOrEqual(60_000)
  const first = await upgrade(STREAM, {
    Origin: PAGE,
    'Sec-WebSocket-Protocol': `kb.v1, ${ticket}`,
  })
  expect(first.status).toBe(101)
  expect(first.headers.get('Sec-WebSocket-Protocol')).toBe('kb.v1')
  expect(first.socket?.messages[0] ?? (await first.socket?.next())).toMatchObject({
    type: 'welcome',
    plan: 'pro',
  })
  first.socket?.close()
  expect(await opens(ticket ?? '')).toBe('unauthorized')
})

test('the origin is that of the request, unless the body names one, and may be none', async () => {
  const [page, named, none] = [
    await takeTicket({ market: MARKET }, { Origin: PAGE }),
    await takeTicket({ market: MARKET, origin: 'https://page.test:8443' }),
    await takeTicket({ market: MARKET }),
  ]
  expect(await opens(page)).toBe(101)
  expect(await opens(named, STREAM, 'https://page.test:8443')).toBe(101)
  expect(await opens(none, STREAM, null)).toBe(101)
})

test.each([
  ['another page', 'https://evil.test'],
  ['the same host by another scheme', 'http://page.test'],
  ['another port', 'https://page.test:8443'],
  ['a longer name', 'https://page.test.evil.test'],
  ['an opaque origin', 'null'],
  ['who has no origin', null],
])('%s cannot use a ticket, and has used it up', async (_, origin) => {
  const ticket = await takeTicket({ market: MARKET }, { Origin: PAGE })
  expect(await opens(ticket, STREAM, origin)).toBe('unauthorized')
  expect(await opens(ticket)).toBe('unauthorized')
})

test('a ticket of one market opens no other and not the stream of all; one of all opens any', async () => {
  const one = () => takeTicket({ market: MARKET }, { Origin: PAGE })
  expect(await opens(await one(), `/v1/markets/${OTHER}/stream`)).toBe('forbidden')
  expect(await opens(await one(), '/v1/stream')).toBe('forbidden')
  const any = await takeTicket({}, { Origin: PAGE })
  expect(await opens(any, `/v1/markets/${OTHER}/stream`)).toBe(101)
  expect(await opens(await takeTicket({}, { Origin: PAGE }), '/v1/stream')).toBe(101)
})

test('of two who use a ticket at once one gets in', async () => {
  const ticket = await takeTicket({ market: MARKET }, { Origin: PAGE })
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => opens(ticket)))
  expect(outcomes.filter((outcome) => outcome === 101)).toHaveLength(1)
  expect(outcomes.filter((outcome) => outcome === 'unauthorized')).toHaveLength(3)
})

test('a ticket is of no use after a minute, and is then cleared away', async () => {
  const ticket = await takeTicket({ market: MARKET }, { Origin: PAGE })
  const stub = ticketsStub(env, readTicket(ticket)?.place ?? '')
  const rows = () =>
    runInDurableObject(stub, (_, { storage }) =>
      Number(storage.sql.exec('select count(*) as n from tickets').one()['n']),
    )
  const late = await takeTicket({ market: MARKET }, { Origin: PAGE })
  expect(await rows()).toBeGreaterThanOrEqual(2)
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + 60_001)
  expect(await opens(late)).toBe('unauthorized')
  expect(await runDurableObjectAlarm(stub)).toBe(true)
  expect(await rows()).toBe(0)
  expect(await runDurableObjectAlarm(stub)).toBe(false)
})

test('what is kept of a ticket does not open anything', async () => {
  const ticket = await takeTicket({ market: MARKET }, { Origin: PAGE })
  const stub = ticketsStub(env, readTicket(ticket)?.place ?? '')
  const kept = await runInDurableObject(stub, (_, { storage }) =>
    JSON.stringify(storage.sql.exec('select * from tickets').toArray()),
  )
  expect(kept).toContain(MARKET)
  for (const part of [ticket, ticket.slice(0, 48), ticket.slice(48)]) {
    expect(kept).not.toContain(part)
  }
})

test.each([
  ['a letter of the bits changed', (ticket: string) => flip(ticket, 20)],
  ['a letter of the seal changed', (ticket: string) => flip(ticket, 60)],
  ['another place', (ticket: string) => flip(ticket, 4)],
  ['no seal', (ticket: string) => ticket.slice(0, 48)],
  ['more behind it', (ticket: string) => `${ticket}A`],
  ['nothing of its own', () => `kbt_0${'A'.repeat(86)}`],
])('a ticket with %s is refused before any object is touched', async (_, spoil) => {
  const ticket = spoil(await takeTicket({ market: MARKET }, { Origin: PAGE }))
  let touched = 0
  const TICKETS = new Proxy(env.TICKETS, {
    get: () => {
      touched += 1
      throw new Error('an object was touched')
    },
  })
  const request = new Request(`https://kalshibook.test${STREAM}`, {
    headers: { Upgrade: 'websocket', Origin: PAGE, 'Sec-WebSocket-Protocol': `kb.v1, ${ticket}` },
  })
  const answer = await makeApp().fetch(request, { ...env, TICKETS })
  expect(answer.status).toBe(401)
  expect(touched).toBe(0)
})

function flip(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === '1' ? '2' : '1') + text.slice(at + 1)
}

test('a ticket and a key, or two tickets, open nothing and cost neither', async () => {
  const ticket = await takeTicket({ market: MARKET }, { Origin: PAGE })
  const protocol = { 'Sec-WebSocket-Protocol': `kb.v1, ${ticket}`, Origin: PAGE }
  for (const headers of [
    { ...protocol, 'X-API-Key': good },
    { ...protocol, Authorization: `Bearer ${good}` },
    { Origin: PAGE, 'Sec-WebSocket-Protocol': `kb.v1, ${ticket}, ${ticket}` },
  ]) {
    expect(await upgrade(STREAM, headers)).toMatchObject({ status: 401, code: 'unauthorized' })
  }
  expect(await opens(ticket)).toBe(101)
})

test('a ticket opens streams alone, and only by an upgrade', async () => {
  const ticket = await takeTicket({}, { Origin: PAGE })
  const headers = { 'Sec-WebSocket-Protocol': `kb.v1, ${ticket}`, Origin: PAGE }
  for (const [path, more] of [
    [STREAM, {}],
    [`/v1/markets/${MARKET}/orderbook`, { Upgrade: 'websocket' }],
    ['/v1/markets', {}],
  ] as const) {
    expect((await call(path, { ...headers, ...more })).status).toBe(401)
  }
  const posted = await call('/v1/stream/tickets', { ...headers, Upgrade: 'websocket' }, 'POST')
  expect(posted.status).toBe(401)
  expect(await opens(ticket)).toBe(101)
})

test('a ticket ends with its key', async () => {
  const ticket = await takeTicket({ market: MARKET }, { Origin: PAGE }, live)
  const set = (revoked: number | null) =>
    asOwner(
      (sql) => sql`
        update kb.api_keys set revoked_us = ${revoked} where scopes = '{live}' and expires_us is null`,
    )
  await set(2)
  try {
    expect(await opens(ticket)).toBe('key_revoked')
  } finally {
    await set(null)
  }
})

test('a key in a header opens a stream for a page of any origin, and says kb.v1 to who offers it', async () => {
  const headers = { 'X-API-Key': good, Origin: 'https://anywhere.test' }
  const plain = await upgrade(STREAM, headers)
  expect(plain.status).toBe(101)
  expect(plain.headers.get('Sec-WebSocket-Protocol')).toBeNull()
  const spoken = await upgrade(STREAM, { ...headers, 'Sec-WebSocket-Protocol': 'other, kb.v1' })
  expect(spoken.headers.get('Sec-WebSocket-Protocol')).toBe('kb.v1')
  plain.socket?.close()
  spoken.socket?.close()
})

test.each([
  ['no JSON', '{', 'body'],
  ['a list', '[]', 'body'],
  ['null', 'null', 'body'],
  ['more than a kilobyte', JSON.stringify({ market: MARKET, pad: 'x'.repeat(1024) }), 'body'],
  ['a field that is not known', '{"markets":["A"]}', 'markets'],
  ['a ticker that cannot be one', '{"market":"a b"}', 'market'],
  ['a list of markets', '{"market":["A"]}', 'market'],
  ['an address in place of an origin', '{"origin":"https://page.test/path"}', 'origin'],
  ['an opaque origin', '{"origin":"null"}', 'origin'],
])('%s is no way to ask for a ticket', async (_, body, param) => {
  expect(errorOf(await ask(body))).toMatchObject({ code: 'invalid_param', param })
})

test('a page whose origin is opaque is told so', async () => {
  const answer = await ask('{}', { Origin: 'null' })
  expect(errorOf(answer)).toMatchObject({ code: 'invalid_param', param: 'origin' })
})

test('there is no ticket for a market that is not, and none for a key without live', async () => {
  expect(errorOf(await ask('{"market":"NO-SUCH-T1"}')).code).toBe('not_found')
  expect(errorOf(await ask('{}', { 'X-API-Key': history })).code).toBe('forbidden')
})

test('an account holds a hundred tickets at once, whatever others hold', async () => {
  const account = await accountOf(other)
  const stub = ticketsStub(env, ticketPlace(account))
  const ticket = { account, keyId: account, market: '*', origin: null }
  for (let i = 0; i < OPEN_TICKETS; i++) {
    expect(await stub.keep(`${account} ${i}`, ticket)).toMatchObject({ kind: 'kept' })
  }
  const answer = await ask('{}', { 'X-API-Key': other })
  expect(answer.status).toBe(429)
  expect(errorOf(answer).code).toBe('rate_limited')
  const waitS = Number(answer.headers.get('Retry-After'))
  expect(waitS).toBeGreaterThan(50)
  expect(waitS).toBeLessThanOrEqual(60)
  expect((await ask('{}')).status).toBe(200)
  await stub.redeem(`${account} 7`)
  expect((await ask('{}', { 'X-API-Key': other })).status).toBe(200)
})

async function accountOf(key: string): Promise<string> {
  const display = key.slice(0, 12)
  return asOwner(async (sql) => {
    const [row] = await sql`select account_id from kb.api_keys where display = ${display}`
    return String(row?.['account_id'])
  })
}

test('any page may ask for a ticket with its key: the preflight says so', async () => {
  const request = new Request('https://kalshibook.test/v1/stream/tickets', {
    method: 'OPTIONS',
    headers: {
      Origin: PAGE,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type,x-api-key',
    },
  })
  const { status, headers } = await exports.default.fetch(request)
  expect(status).toBe(204)
  expect(headers.get('Access-Control-Allow-Origin')).toBe('*')
  expect(headers.get('Access-Control-Allow-Credentials')).toBeNull()
  expect(headers.get('Access-Control-Allow-Methods')).toContain('POST')
  for (const name of ['Authorization', 'X-API-Key', 'Content-Type']) {
    expect(headers.get('Access-Control-Allow-Headers')).toContain(name)
  }
})

test('a ticket reaches no log', async () => {
  const said: unknown[] = []
  const spies = (['log', 'warn', 'error', 'info'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((...words) => said.push(words)),
  )
  const ticket = await takeTicket({ market: MARKET }, { Origin: PAGE })
  await opens(ticket)
  await opens(ticket)
  for (const spy of spies) spy.mockRestore()
  expect(JSON.stringify(said)).not.toContain('kbt_')
})
