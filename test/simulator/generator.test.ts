import { expect, test } from 'vitest'
import { trueTime } from '../../simulator/clock.ts'
import { startExchange } from '../../simulator/exchange.ts'
import { pricesOf } from '../../simulator/grid.ts'
import type { TrueChange } from '../../simulator/observer.ts'
import { connect, type Frame } from './connection.ts'
import { fold } from './fold.ts'

const cents = (text: string | undefined) => Math.round(Number(text) * 10_000)

/** Runs made-up trading of so many book events with one connection that hears all of it. */
async function run(events: number, options = {}) {
  const exchange = await startExchange({ markets: 60, paused: true, seed: 5, ...options })
  const truth: TrueChange[] = []
  exchange.onBook((change) => truth.push(change))
  const client = await connect(exchange)
  const tickers = exchange.tickers()
  const channels = ['orderbook_delta', 'trade', 'ticker']
  client.send({ id: 1, cmd: 'subscribe', params: { channels, market_tickers: tickers } })
  await client.next((each) => each.type === 'subscribed' && each.msg.sid === 3)
  const opening = exchange.books()
  exchange.step(events)
  await client.settled()
  const books = exchange.books()
  await exchange.close()
  return { frames: client.frames, truth, books, opening, tickers }
}

const ran = run(20_000)

test('the frames of one subscription, folded, are the exchange’s true books', async () => {
  const { frames, books } = await ran
  expect(fold(frames)).toEqual(books)
})

test('every sequenced frame of a sid takes the next seq, on books and trades alike', async () => {
  const { frames } = await ran
  for (const sid of [1, 2]) {
    const seqs = frames.filter((each) => each.sid === sid).map((each) => each.seq)
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
  }
  expect(frames.filter((each) => each.sid === 3).every((each) => each.seq === undefined)).toBe(true)
})

test('observers hear every delta that is sent, in integers, in the same order', async () => {
  const { frames, truth } = await ran
  const deltas = frames.filter((each) => each.type === 'orderbook_delta')
  const heard = truth.flatMap((each) =>
    each.kind === 'delta' ? [[each.ticker, each.side, each.price / 100, each.change]] : [],
  )
  const sent = deltas.map(({ msg }) => [
    msg.market_ticker,
    msg.side,
    cents(msg.price_dollars),
    Math.round(Number(msg.delta_fp) * 100),
  ])
  expect(heard).toEqual(sent)
})

test('books never cross or lock, and every price lies on its market’s grid', async () => {
  const exchange = await startExchange({ markets: 30, paused: true, seed: 9 })
  const answer = await fetch(`${exchange.restUrl}/markets?limit=1000`)
  const body = (await answer.json()) as {
    markets: { ticker: string; price_level_structure: string }[]
  }
  const grids = new Map(
    body.markets.map((each) => [each.ticker, new Set(pricesOf(each.price_level_structure))]),
  )
  const wrong: unknown[] = []
  const books = new Map<string, { yes: Map<number, number>; no: Map<number, number> }>()
  for (const [ticker, { yes, no }] of exchange.books()) {
    const side = (levels: [string, string][]) =>
      new Map(levels.map(([price, size]) => [cents(price) * 100, Math.round(Number(size) * 100)]))
    books.set(ticker, { yes: side(yes), no: side(no) })
  }
  exchange.onBook((change) => {
    const book = books.get(change.ticker)
    if (change.kind !== 'delta' || book === undefined) return
    const size = (book[change.side].get(change.price) ?? 0) + change.change
    if (size === 0) book[change.side].delete(change.price)
    else book[change.side].set(change.price, size)
    const sum = Math.max(0, ...book.yes.keys()) + Math.max(0, ...book.no.keys())
    if (sum >= 1_000_000 || !grids.get(change.ticker)?.has(change.price)) wrong.push(change)
  })
  expect(exchange.step(5000)).toBeGreaterThanOrEqual(5000)
  expect(wrong).toEqual([])
  await exchange.close()
})

test('a trade is told on its own channel, and takes what it says from the resting side', async () => {
  const { frames } = await ran
  const trades = frames.filter((each) => each.type === 'trade')
  expect(trades.length).toBeGreaterThan(500)
  const key = (...parts: unknown[]) => parts.join()
  const taken = new Set(
    frames.map(({ msg }) =>
      key(msg.market_ticker, msg.side, msg.price_dollars, msg.delta_fp, msg.ts_ms),
    ),
  )
  const wrong = trades.filter(({ msg }) => {
    const maker = msg.taker_outcome_side === 'yes' ? 'no' : 'yes'
    const price = maker === 'yes' ? msg.yes_price_dollars : msg.no_price_dollars
    return (
      cents(msg.yes_price_dollars) + cents(msg.no_price_dollars) !== 10_000 ||
      !taken.has(key(msg.market_ticker, maker, price, `-${msg.count_fp}`, msg.ts_ms))
    )
  })
  expect(wrong).toEqual([])
})

test('an amend is two deltas of one instant, and some sizes are fractions', async () => {
  const { frames } = await ran
  const deltas = frames.filter((each) => each.type === 'orderbook_delta')
  const amends = deltas.filter((each, index) => {
    const before: Frame | undefined = deltas[index - 1]
    return (
      before?.msg.ts === each.msg.ts &&
      before?.msg.market_ticker === each.msg.market_ticker &&
      before?.msg.delta_fp === `-${each.msg.delta_fp}`
    )
  })
  expect(amends.length).toBeGreaterThan(500)
  expect(deltas.filter((each) => !each.msg.delta_fp?.endsWith('.00')).length).toBeGreaterThan(1000)
})

test('the last ticker of a market shows the best levels of its book', async () => {
  const { frames, books } = await ran
  const last = new Map(
    frames.flatMap(({ type, msg }) => (type === 'ticker' ? [[msg.market_ticker, msg]] : [])),
  )
  expect(last.size).toBeGreaterThan(30)
  for (const [ticker, msg] of last) {
    const { yes, no } = books.get(ticker ?? '') ?? { yes: [], no: [] }
    const [bid = '0.0000', bidSize = '0.00'] = yes[0] ?? []
    const [best = '0.0000', askSize = '0.00'] = no[0] ?? []
    expect([msg?.yes_bid_dollars, msg?.yes_bid_size_fp]).toEqual([bid, bidSize])
    expect(cents(msg?.yes_ask_dollars)).toBe(10_000 - cents(best))
    expect(msg?.yes_ask_size_fp).toBe(askSize)
  }
})

test('hot markets get more than quiet ones, and several series, dots and fine grids are there', async () => {
  const { truth, tickers } = await ran
  const counts = new Map<string, number>()
  for (const { ticker } of truth) counts.set(ticker, (counts.get(ticker) ?? 0) + 1)
  const sorted = [...counts.values()].sort((a, b) => b - a)
  expect(sorted[0]).toBeGreaterThan(10 * (sorted[40] ?? 0))
  expect(new Set(tickers.map((each) => each.split('-')[0])).size).toBeGreaterThanOrEqual(5)
  expect(tickers.some((each) => each.includes('.'))).toBe(true)
  const fine = truth.some((each) => each.kind === 'delta' && each.price % 10_000 !== 0)
  expect(fine).toBe(true)
})

test('a book may begin without a side, or empty: such a side is absent from its snapshot', async () => {
  const { frames, opening } = await ran
  const snapshots = frames.filter((each) => each.type === 'orderbook_snapshot')
  const absent = snapshots.filter((each) => !('no_dollars_fp' in each.msg))
  expect(absent.length).toBeGreaterThan(0)
  expect(absent.some((each) => !('yes_dollars_fp' in each.msg))).toBe(true)
  for (const { msg } of absent) expect(opening.get(msg.market_ticker ?? '')?.no).toEqual([])
  expect(snapshots.every(({ msg }) => msg.no_dollars_fp?.length !== 0)).toBe(true)
})

test('use_yes_price shows the no side at the price of yes', async () => {
  const exchange = await startExchange({ markets: 12, paused: true, seed: 3 })
  const client = await connect(exchange)
  await client.subscribe(exchange.tickers(), { use_yes_price: true })
  exchange.step(500)
  await client.settled()
  const native = (price: string) => ((10_000 - cents(price)) / 10_000).toFixed(4)
  const frames = client.frames.map(({ msg, ...rest }): Frame => {
    const no = msg.no_dollars_fp?.map(([price, size]): [string, string] => [native(price), size])
    const price = msg.side === 'no' ? native(msg.price_dollars ?? '') : msg.price_dollars
    return {
      ...rest,
      msg: {
        ...msg,
        ...(no === undefined ? {} : { no_dollars_fp: no }),
        ...(price === undefined ? {} : { price_dollars: price }),
      },
    }
  })
  expect(fold(frames)).toEqual(exchange.books())
  for (const { msg } of client.frames) {
    const shown = (msg.no_dollars_fp ?? []).map(([price]) => cents(price))
    expect(shown).toEqual([...shown].sort((a, b) => a - b))
  }
  await exchange.close()
})

test('the same seed makes the same trading, another seed another', async () => {
  const story = async (seed: number) => {
    const exchange = await startExchange({ markets: 20, paused: true, seed })
    const told: string[] = []
    exchange.onBook((each) => told.push(JSON.stringify({ ...each, atUs: 0 })))
    exchange.step(500)
    await exchange.close()
    return told
  }
  const once = await story(11)
  expect(await story(11)).toEqual(once)
  expect(await story(12)).not.toEqual(once)
})

test('a running source is no faster than its rate, and the time of a delta is the time of its sending', async () => {
  const exchange = await startExchange({ markets: 30, rate: 1000, paused: true })
  const client = await connect(exchange)
  await client.subscribe(exchange.tickers())
  const late: number[] = []
  client.ws.on('message', (data) => {
    const { type, msg }: Frame = JSON.parse(data.toString())
    if (type === 'orderbook_delta') late.push(Date.now() - (msg.ts_ms ?? 0))
  })
  const startUs = trueTime()
  exchange.start()
  for (let each = 0; each < 300; each += 1) await client.nextOf('orderbook_delta')
  exchange.pause()
  const deltas = client.frames.filter(({ type }) => type === 'orderbook_delta')
  expect(deltas.length).toBeGreaterThanOrEqual(300)
  // What a stall held back comes at once; one thing that happens may be three deltas.
  const early = deltas.filter(({ msg }, nth) => nth > (msg.ts_ms ?? 0) + 1 - startUs / 1000 + 3)
  expect(early).toEqual([])
  expect(Math.min(...late)).toBeLessThan(20)
  expect(Math.min(...late)).toBeGreaterThan(-5)
  await exchange.close()
})
