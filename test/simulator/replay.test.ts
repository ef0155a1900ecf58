import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startExchange } from '../../simulator/exchange.ts'
import { type Connection, connect, type Frame } from './connection.ts'
import { FIXTURE } from './fixture.ts'
import { fold } from './fold.ts'

const REAL = new URL('../../../shared/data/kalshi/ws-orderbook-2026-08-07.jsonl', import.meta.url)
const absent = !existsSync(new URL('../../../shared', import.meta.url))

if (absent) console.warn('skipped: ../shared with the recording of the real exchange is absent')

const isBook = ({ type }: Frame) => type === 'orderbook_snapshot' || type === 'orderbook_delta'

/** The book events of a recording: what their `msg` said, in order. */
function recorded(path: string | URL): Frame['msg'][] {
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  const frames = lines.map((line): Frame => JSON.parse(line).frame)
  return frames.filter(isBook).map((each) => each.msg)
}

const heard = (client: Connection) => client.frames.filter(isBook).map((each) => each.msg)
const of = (msgs: Frame['msg'][], ticker: string) =>
  msgs.filter((each) => each.market_ticker === ticker)

async function play(path: string): Promise<void> {
  const exchange = await startExchange({ replay: path, speed: 1000 })
  const client = await connect(exchange)
  const wanted = recorded(path)
  const tickers = exchange.tickers()
  expect(tickers).toEqual([...new Set(wanted.map((each) => each.market_ticker))])
  await client.subscribe(tickers)
  await exchange.played()
  await client.settled()
  const got = heard(client)
  expect(got.slice(tickers.length)).toEqual(
    wanted.filter((each, index) => {
      const first = wanted.findIndex((other) => other.market_ticker === each.market_ticker)
      return index !== first
    }),
  )
  for (const ticker of tickers) expect(of(got, ticker)).toEqual(of(wanted, ticker))
  const seqs = client.frames.filter((each) => each.sid === 1).map((each) => each.seq)
  expect(seqs).toEqual(seqs.map((_, index) => index + 1))
  expect(fold(client.frames)).toEqual(exchange.books())
  const late = await connect(exchange)
  await late.subscribe(tickers)
  await late.settled()
  expect(fold(late.frames)).toEqual(exchange.books())
  await exchange.close()
}

test('a recording is played whole, in its order, message for message', () => play(FIXTURE))

test.skipIf(absent)('a recording of the real exchange is played whole, message for message', () =>
  play(REAL.pathname),
)

test('nothing is played until every market has been subscribed to, by whomever', async () => {
  const exchange = await startExchange({ replay: FIXTURE, speed: 1000 })
  const [first, second] = [await connect(exchange), await connect(exchange)]
  const tickers = exchange.tickers()
  await first.subscribe(tickers.slice(0, 5))
  await second.subscribe(tickers.slice(4, 7))
  // The source has had many turns by then.
  await new Promise((resolve) => setTimeout(resolve, 40))
  await Promise.all([first.settled(), second.settled()])
  expect([...first.frames, ...second.frames].some((each) => each.type === 'orderbook_delta')).toBe(
    false,
  )
  const params = { sids: [1], action: 'add_markets', market_tickers: tickers.slice(7) }
  await second.ask({ cmd: 'update_subscription', params })
  await exchange.played()
  await Promise.all([first.settled(), second.settled()])
  const wanted = recorded(FIXTURE)
  const [ticker = '', last = ''] = [tickers[0], tickers[7]]
  expect(of(heard(first), ticker)).toEqual(of(wanted, ticker))
  expect(of(heard(second), last)).toEqual(of(wanted, last))
  await exchange.close()
})

test('the recorded pace is kept, as many times as fast as asked', async () => {
  const exchange = await startExchange({ replay: FIXTURE, speed: 10 })
  const lines = readFileSync(FIXTURE, 'utf8').trim().split('\n')
  const times = lines.map((line): number => JSON.parse(line).received_ms)
  const lengthMs = ((times.at(-1) ?? 0) - (times[9] ?? 0)) / 10
  const client = await connect(exchange)
  const began = performance.now()
  await client.subscribe(exchange.tickers())
  await exchange.played()
  expect(performance.now() - began).toBeGreaterThan(lengthMs * 0.9)
  await exchange.close()
})

test('its markets, events and series are listed from the start', async () => {
  const exchange = await startExchange({ replay: FIXTURE, paused: true })
  const answer = await fetch(`${exchange.restUrl}/markets`)
  const { markets } = (await answer.json()) as {
    markets: { ticker: string; event_ticker: string; price_ranges: { step: string }[] }[]
  }
  expect(markets.map((each) => each.ticker).sort()).toEqual(exchange.tickers().sort())
  const gold = markets.find((each) => each.ticker.startsWith('KXGOLDH'))
  expect(gold?.price_ranges).toMatchObject([{ step: '0.0010' }])
  const event = await fetch(`${exchange.restUrl}/events/${gold?.event_ticker}`)
  expect(await event.json()).toMatchObject({ event: { series_ticker: 'KXGOLDH' } })
  await exchange.close()
})

const book = { market_ticker: 'A-1', market_id: 'x', yes_dollars_fp: [['0.4000', '2.00']] }
const snapshot = (msg: object, at = 5) =>
  JSON.stringify({ received_ms: at, frame: { type: 'orderbook_snapshot', sid: 1, seq: 1, msg } })
const delta = (change: object) =>
  JSON.stringify({
    received_ms: 6,
    frame: {
      type: 'orderbook_delta',
      msg: {
        market_ticker: 'A-1',
        market_id: 'x',
        price_dollars: '0.4000',
        delta_fp: '-1.00',
        side: 'yes',
        ...change,
      },
    },
  })

test.each([
  ['no JSON', [snapshot(book), '{"received_ms":'], 2],
  ['no frame', [snapshot(book), '{"received_ms":6}'], 2],
  ['a price that is none', [snapshot(book), delta({ price_dollars: '1.2000' })], 2],
  ['a legacy delta', [snapshot(book), delta({ price_dollars: undefined, price: 40 })], 2],
  ['a level below zero', [snapshot(book), delta({}), delta({ delta_fp: '-1.01' })], 3],
  ['a delta before its snapshot', [delta({})], 1],
  ['a level of size zero', [snapshot({ ...book, no_dollars_fp: [['0.5000', '0.00']] })], 1],
  ['a time that goes back', [snapshot(book), '', snapshot(book, 4)], 3],
  ['nothing', [''], 1],
])('a recording with %s is refused with the line', async (_, lines, number) => {
  const directory = mkdtempSync(join(tmpdir(), 'recording-'))
  const path = join(directory, 'bad.jsonl')
  writeFileSync(path, lines.join('\n'))
  await expect(startExchange({ replay: path })).rejects.toThrow(`line ${number} of the recording`)
  rmSync(directory, { recursive: true })
})
