import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { type Connection, connect } from './connection.ts'

let exchange: Exchange
let open: Connection[] = []

beforeAll(async () => {
  exchange = await startExchange({ markets: 20, paused: true, pingMs: 40 })
})
afterAll(() => exchange.close())
afterEach(() => {
  for (const each of open) each.ws.terminate()
  open = []
})

async function connection(): Promise<Connection> {
  const made = await connect(exchange)
  open.push(made)
  return made
}

const names = (count: number, from = 0) => exchange.tickers().slice(from, from + count)

test('a first subscribe is answered without seq, then each book comes, counted from 1', async () => {
  const client = await connection()
  const answer = await client.subscribe(names(3))
  expect(answer).toEqual({
    type: 'subscribed',
    id: 1001,
    msg: { channel: 'orderbook_delta', sid: 1 },
  })
  await client.settled()
  const snapshots = client.frames.filter((each) => each.type === 'orderbook_snapshot')
  expect(snapshots.map((each) => each.seq)).toEqual([1, 2, 3])
  expect(snapshots.map((each) => each.msg.market_ticker)).toEqual(names(3))
  expect(snapshots.every((each) => each.sid === 1 && each.id === undefined)).toBe(true)
  for (const { msg } of snapshots) {
    const yes = (msg.yes_dollars_fp ?? []).map(([price]) => Number(price))
    expect(yes).toEqual([...yes].sort((a, b) => a - b))
  }
})

test('a second subscribe merges: an ok that takes a seq and lists all, then new books only', async () => {
  const client = await connection()
  const [first, second, third] = names(3) as [string, string, string]
  await client.subscribe([third, first])
  const ok = await client.subscribe([first, second])
  expect(ok).toMatchObject({ type: 'ok', sid: 1, seq: 3 })
  expect(ok.msg.market_tickers).toEqual([first, second, third].sort())
  const added = await client.nextOf('orderbook_snapshot')
  expect(added).toMatchObject({ sid: 1, seq: 4, msg: { market_ticker: second } })
  const again = await client.subscribe([first])
  expect(again).toMatchObject({ type: 'ok', seq: 5 })
  await client.settled()
  expect(client.frames.filter((each) => each.type === 'orderbook_snapshot')).toHaveLength(3)
})

test('skip_ticker_ack leaves the list out of every ok', async () => {
  const client = await connection()
  await client.subscribe(names(1), { skip_ticker_ack: true })
  expect(await client.subscribe(names(2))).toMatchObject({ type: 'ok', seq: 2, msg: {} })
  const [third] = names(1, 2)
  const params = { sids: [1], action: 'add_markets', market_tickers: [third] }
  const ok = await client.ask({ cmd: 'update_subscription', params })
  expect(ok).toMatchObject({ type: 'ok', seq: 4 })
  expect(ok.msg).toEqual({})
})

test('markets are added and deleted on the same sid, and deleted ones fall silent', async () => {
  const client = await connection()
  const [first, second] = names(2) as [string, string]
  await client.subscribe([first])
  const add = { sids: [1], action: 'add_markets', market_ticker: second }
  expect(await client.ask({ cmd: 'update_subscription', params: add })).toMatchObject({
    type: 'ok',
    seq: 2,
    msg: { market_tickers: [first, second].sort() },
  })
  expect(await client.nextOf('orderbook_snapshot')).toMatchObject({ seq: 3 })
  const remove = { sid: 1, action: 'delete_markets', market_tickers: [first] }
  expect(await client.ask({ cmd: 'update_subscription', params: remove })).toMatchObject({
    type: 'ok',
    seq: 4,
    msg: { market_tickers: [second] },
  })
  exchange.step(400)
  await client.settled()
  const deltas = client.frames.filter((each) => each.type === 'orderbook_delta')
  expect(deltas.length).toBeGreaterThan(0)
  expect(deltas.every((each) => each.msg.market_ticker === second)).toBe(true)
})

test('get_snapshot answers with the id and a seq, and changes nothing', async () => {
  const client = await connection()
  const [first, second] = names(2) as [string, string]
  await client.subscribe([first, second])
  const params = { sids: [1], action: 'get_snapshot', market_tickers: [second] }
  const answer = await client.ask({ cmd: 'update_subscription', params })
  expect(answer).toMatchObject({ type: 'orderbook_snapshot', sid: 1, seq: 3, id: 1002 })
  expect(answer.msg.market_ticker).toBe(second)
  client.send({ id: 0, cmd: 'update_subscription', params })
  const nameless = await client.nextOf('orderbook_snapshot')
  expect(nameless).toMatchObject({ seq: 4 })
  expect(nameless.id).toBeUndefined()
})

test('unsubscribe is counted, and the next subscribe is a new sid from 1', async () => {
  const client = await connection()
  await client.subscribe(names(2))
  client.send({ id: 7, cmd: 'unsubscribe', params: { sids: [1] } })
  expect(await client.nextOf('unsubscribed')).toEqual({
    id: 7,
    sid: 1,
    seq: 3,
    type: 'unsubscribed',
  })
  expect(await client.subscribe(names(1))).toMatchObject({ type: 'subscribed', msg: { sid: 2 } })
  expect(await client.nextOf('orderbook_snapshot')).toMatchObject({ sid: 2, seq: 1 })
})

test('every channel of one subscribe gets its own sid, and list_subscriptions names them', async () => {
  const client = await connection()
  const channels = ['ticker', 'trade', 'market_lifecycle_v2', 'orderbook_delta']
  client.send({ id: 5, cmd: 'subscribe', params: { channels, market_tickers: names(2) } })
  await client.next((each) => each.type === 'subscribed' && each.msg.sid === 4)
  const { msg } = await client.ask({ cmd: 'list_subscriptions' })
  expect(msg).toEqual(channels.map((channel, index) => ({ channel, sid: index + 1 })))
})

test('the ticker channel shows requested markets at once when asked to', async () => {
  const client = await connection()
  const params = {
    channels: ['ticker'],
    market_tickers: names(2),
    send_initial_snapshot: true,
  }
  await client.ask({ cmd: 'subscribe', params })
  await client.settled()
  const shown = client.frames.filter((each) => each.type === 'ticker')
  expect(shown.map((each) => each.msg.market_ticker)).toEqual(names(2))
  expect(shown.every((each) => each.seq === undefined)).toBe(true)
})

test('an unknown ticker is given an empty book with an empty id', async () => {
  const client = await connection()
  await client.subscribe(['KXNONE-27JAN01-T1.99'])
  expect(await client.nextOf('orderbook_snapshot')).toEqual({
    type: 'orderbook_snapshot',
    sid: 1,
    seq: 1,
    msg: { market_ticker: 'KXNONE-27JAN01-T1.99', market_id: '' },
  })
})

const book = { channels: ['orderbook_delta'] }

test.each<[string, Record<string, unknown>, number, string]>([
  ['no params', { cmd: 'subscribe' }, 2, 'Params required'],
  ['no channels', { cmd: 'subscribe', params: {} }, 3, 'Channels required'],
  ['no sids', { cmd: 'unsubscribe', params: {} }, 4, 'Subscription IDs required'],
  ['another command', { cmd: 'dance' }, 5, 'Unknown command'],
  ['an unknown sid', { cmd: 'unsubscribe', params: { sids: [9] } }, 7, 'Unknown subscription ID'],
  [
    'a removed channel',
    { cmd: 'subscribe', params: { channels: ['ticker_v2'] } },
    8,
    'Unknown channel name',
  ],
  [
    'an id that is none',
    { cmd: 'subscribe', params: { channels: ['ticker'], market_ids: ['x'] } },
    11,
    'Invalid parameter',
  ],
  [
    'ids on the book channel',
    { cmd: 'subscribe', params: { ...book, market_id: '00000000-0000-4000-8000-000000000000' } },
    11,
    'Invalid parameter',
  ],
  [
    'two sids',
    { cmd: 'update_subscription', params: { sids: [1, 2], action: 'add_markets' } },
    12,
    'Exactly one subscription ID is required',
  ],
  ['no market', { cmd: 'subscribe', params: book }, 14, 'Market Ticker required'],
  ['no action', { cmd: 'update_subscription', params: { sids: [1] } }, 15, 'Action required'],
  [
    'no index',
    { cmd: 'subscribe', params: { channels: ['cfbenchmarks_value'] } },
    24,
    'Index IDs required',
  ],
  [
    'no underlying',
    { cmd: 'subscribe', params: { channels: ['pyth_value'] } },
    28,
    'Underlying tickers required',
  ],
  [
    'a wrong type',
    { cmd: 'subscribe', params: { channels: 'ticker' } },
    1,
    'Unable to process message',
  ],
])('%s is answered with its error code', async (_, command, code, text) => {
  const client = await connection()
  const answer = await client.ask(command)
  expect(answer).toEqual({ id: 1001, type: 'error', msg: { code, msg: text } })
})

test('what is no JSON is error 1 without id', async () => {
  const client = await connection()
  client.send('{"id":1,')
  expect(await client.nextOf('error')).toEqual({
    type: 'error',
    msg: { code: 1, msg: 'Unable to process message' },
  })
})

test('an error about a subscription bears its sid and takes a seq', async () => {
  const client = await connection()
  await client.subscribe(names(1))
  const params = { sids: [1], action: 'shuffle' }
  expect(await client.ask({ cmd: 'update_subscription', params })).toMatchObject({
    sid: 1,
    seq: 2,
    msg: { code: 13, msg: 'Unsupported action' },
  })
  expect(await client.subscribe(names(1))).toMatchObject({ type: 'ok', seq: 3 })
})

test('too many markets are error 26, too many commands error 27', async () => {
  const strict = await startExchange({
    markets: 6,
    paused: true,
    limits: { marketsPerSubscription: 2, commands: { perSecond: 0, capacity: 1 } },
  })
  const client = await connect(strict)
  const all = strict.tickers()
  expect(await client.subscribe(all)).toMatchObject({ msg: { code: 26 } })
  await client.subscribe(all.slice(0, 2))
  const params = { sids: [1], action: 'add_markets', market_tickers: all }
  expect(await client.ask({ cmd: 'update_subscription', params })).toMatchObject({
    sid: 1,
    seq: 3,
    msg: { code: 26 },
  })
  expect(await client.ask({ cmd: 'update_subscription', params })).toMatchObject({
    msg: { code: 27 },
  })
  await strict.close()
})

test('pings bear the word heartbeat, and a client’s own are answered', async () => {
  const client = await connection()
  const pong = new Promise((resolve) => client.ws.once('pong', resolve))
  client.ws.ping('here')
  expect(String(await pong)).toBe('here')
  await new Promise((resolve) => client.ws.once('ping', resolve))
  expect(client.pings[0]).toBe('heartbeat')
})

test('a frame that is too long ends the connection', async () => {
  const strict = await startExchange({ markets: 2, paused: true, maxPayload: 1000 })
  const client = await connect(strict)
  const closed = new Promise((resolve) => client.ws.once('close', resolve))
  client.send(' '.repeat(2000))
  await closed
  await strict.close()
})

test('frames may be compressed, and need not be', async () => {
  const client = await connection()
  expect(client.ws.extensions).toContain('permessage-deflate')
  const plain = await startExchange({ markets: 2, paused: true, deflate: false })
  const other = await connect(plain)
  expect(other.ws.extensions).toBe('')
  await plain.close()
})
