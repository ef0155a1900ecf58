import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LiveBook } from '#core/live-book'
import type { Ladders, Seq } from '#core/log'
import { MarketLog } from '#core/market-log'
import type { Price } from '#core/price'
import type { SizeChange } from '#core/size'
import type { Ticker } from '#core/ticker'
import type { Trade } from '#core/trade'
import { type FeedItem, fromCollector } from '#core/wire/feed'
import { readItem } from '#core/wire/feed-item'
import { FeedOutbox } from '../../collector/feed-outbox.ts'
import { epoch, levels, must, us } from '../core/arbitraries.ts'

const MARKET = 'M' as Ticker
const FULL: Ladders = { yes: levels([420_000, 500]), no: [] }

/** The items of the outbox's next message, none when nothing waits. */
function taken(outbox: FeedOutbox, nowMs = Date.now()): FeedItem[] {
  const message = fromCollector.parse(JSON.parse(`{"n":1,"items":${outbox.take(nowMs) ?? '[]'}}`))
  return 'items' in message ? message.items : []
}

/** What a shard makes of the outbox's next message: the book that its subscribers follow. */
function delivered(outbox: FeedOutbox, live = new LiveBook('M', 'active')): LiveBook {
  for (const item of taken(outbox)) {
    expect(live.take(must(readItem(item)), item.sum ?? null, 1).need).toBe(false)
  }
  return live
}

function watched(log: MarketLog): FeedOutbox {
  const outbox = new FeedOutbox({
    logs: new Map([[MARKET, log]]),
    bound: 100,
    statusOf: () => null,
  })
  outbox.watch([MARKET])
  return outbox
}

test('a market that is known begins with its image', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const { state } = delivered(watched(log))
  expect(state).toMatchObject({ kind: 'known' })
})

test('a settled market begins with its last book and its end', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const [end] = log.end('settled', null, us(110))
  const { state } = delivered(watched(log))
  expect(state).toMatchObject({ kind: 'closed', seq: end?.seq })
  expect(state.kind === 'closed' && state.book?.ladders()).toEqual(FULL)
})

test('invariant 4: a de-selected market is never shown live', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const end = log.end('deselected', null, us(110)).at(-1)
  const live = delivered(watched(log))
  expect(live.state).toMatchObject({ kind: 'closed', seq: end?.seq, book: null })
  expect(live.gap).toMatchObject({ cause: 'cut' })
})

test('a market that was watched before its log began is told from its first record on', () => {
  const logs = new Map<Ticker, MarketLog>()
  const outbox = new FeedOutbox({ logs, bound: 100, statusOf: () => null })
  outbox.watch([MARKET])
  expect(outbox.take(Date.now())).toBeNull()
  const log = new MarketLog(epoch(8), null)
  logs.set(MARKET, log)
  expect(outbox.add(MARKET, must(log.snapshot(FULL, us(100))))).toBe(true)
  expect(delivered(outbox).state).toMatchObject({ kind: 'known' })
})

test('a log that is taken up again is told from its gap on', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const outbox = watched(log)
  for (const record of log.end('deselected', null, us(110))) outbox.add(MARKET, record)
  const live = delivered(outbox)
  outbox.add(MARKET, must(log.resume(us(200))))
  outbox.add(MARKET, must(log.snapshot(FULL, us(210))))
  expect(delivered(outbox, live).state).toMatchObject({ kind: 'known' })
})

function change(log: MarketLog, outbox: FeedOutbox, recv: number): void {
  const made = log.delta('yes', 420_000 as Price, 100 as SizeChange, null, us(recv))
  if (made.kind !== 'recorded') throw new Error(made.kind)
  outbox.add(MARKET, made.record)
}

test('an image for one reader comes behind the records that wait for others, in one item', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const outbox = watched(log)
  const live = delivered(outbox)
  for (const recv of [110, 120]) change(log, outbox, recv)
  outbox.need(MARKET, null)
  change(log, outbox, 130)
  const [item, ...more] = taken(outbox)
  expect(more).toEqual([])
  const last = must(log.last)
  expect(item?.records?.map(({ seq }) => seq)).toEqual([last - 2, last - 1, last])
  expect(item?.image?.seq).toBe(last)
  for (const reader of [live, new LiveBook('M', 'active')]) {
    expect(reader.take(must(readItem(must(item))), item?.sum ?? null, 1).need).toBe(false)
    expect(reader.seq).toBe(last)
  }
})

test('what one reader misses goes before what waits for all, each record once', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const outbox = watched(log)
  taken(outbox)
  for (const recv of [110, 120, 130]) change(log, outbox, recv)
  taken(outbox)
  change(log, outbox, 140)
  const last = must(log.last)
  outbox.need(MARKET, (last - 3) as Seq)
  // Another says that it has what still waits: nobody else's records are taken back for that.
  outbox.need(MARKET, last)
  outbox.need(MARKET, (last - 1) as Seq)
  const [item] = taken(outbox)
  expect(item?.records?.map(({ seq }) => seq)).toEqual([last - 2, last - 1, last])
  expect(item).not.toHaveProperty('image')
  expect(outbox.empty).toBe(true)
})

test('what was gathered past two hundred records while nothing went out is one image, or its gap', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const outbox = new FeedOutbox({
    logs: new Map([[MARKET, log]]),
    bound: 1000,
    statusOf: () => null,
  })
  outbox.watch([MARKET])
  const live = delivered(outbox)
  outbox.held = true
  for (let i = 0; i < 201; i += 1) change(log, outbox, 110 + i)
  for (let i = 0; i < 900; i += 1) change(log, outbox, 400 + i)
  expect(outbox.overflown).toBe(false)
  outbox.held = false
  expect(delivered(outbox, live).seq).toBe(log.last)
  outbox.held = true
  for (let i = 0; i < 201; i += 1) change(log, outbox, 2000 + i)
  outbox.add(MARKET, must(log.gap('cut', us(2300), us(2310))))
  outbox.held = false
  expect(taken(outbox)[0]).toMatchObject({ records: [{ type: 'gap', seq: log.last }] })
})

test('records that waited for two seconds are told as an image, trades and state with it', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const outbox = watched(log)
  taken(outbox)
  change(log, outbox, 110)
  outbox.status(
    MARKET,
    () =>
      '{"market_status":"closed","result":null,"settlement_value":null,"event_us":null,"recv_us":1}',
  )
  const [item] = taken(outbox, Date.now() + 2100)
  expect(item).toMatchObject({ image: { seq: log.last }, status: { market_status: 'closed' } })
  expect(item).not.toHaveProperty('records')
})

test('what waits of a market is dropped when it is watched no more', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const outbox = watched(log)
  taken(outbox)
  change(log, outbox, 110)
  outbox.unwatch([MARKET])
  expect([outbox.empty, outbox.bytes, outbox.watched]).toEqual([true, 0, 0])
  outbox.unwatch([MARKET])
  expect(outbox.trade({ market: MARKET } as Trade)).toBe(false)
})

const step = fc.oneof(
  { weight: 8, arbitrary: fc.constant('delta' as const) },
  { weight: 2, arbitrary: fc.constantFrom('gap', 'snapshot', 'watch', 'image', 'hold' as const) },
  { weight: 1, arbitrary: fc.constantFrom('unwatch' as const) },
  { weight: 3, arbitrary: fc.constant('take' as const) },
  { weight: 2, arbitrary: fc.record({ behind: fc.integer({ min: 0, max: 12 }) }) },
)

test('who follows from the start is never in need, whatever others ask for, and has our book in the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const log = new MarketLog(epoch(8), null)
      log.snapshot(FULL, us(100))
      const outbox = watched(log)
      let live = delivered(outbox)
      let now = 100
      for (const each of steps) {
        now += 10
        if (each === 'delta' && log.known) change(log, outbox, now)
        else if (each === 'gap' && log.known) {
          outbox.add(MARKET, must(log.gap('cut', us(now), us(now))))
        } else if (each === 'snapshot') outbox.add(MARKET, must(log.snapshot(FULL, us(now))))
        else if (each === 'watch') outbox.watch([MARKET])
        else if (each === 'image') outbox.need(MARKET, null)
        else if (each === 'hold') outbox.held = !outbox.held
        else if (each === 'take') live = delivered(outbox, live)
        else if (each === 'unwatch') {
          // Nobody follows now; whoever does next begins with an image.
          outbox.unwatch([MARKET])
          outbox.watch([MARKET])
        } else if (typeof each === 'object') {
          outbox.need(MARKET, Math.max(0, must(log.last) - each.behind) as Seq)
        }
      }
      live = delivered(outbox, live)
      expect(live.seq).toBe(log.last)
      expect(live.state.kind).toBe(log.known ? 'known' : 'unknown')
      expect(outbox.empty && outbox.bytes === 0).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('who has all of a log that is in a gap is told of the gap, as no checksum can prove it', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const outbox = watched(log)
  taken(outbox)
  const gap = must(log.gap('cut', us(100), us(110)))
  outbox.add(MARKET, gap)
  taken(outbox)
  outbox.need(MARKET, gap.seq)
  const [item] = taken(outbox)
  expect(item?.records).toMatchObject([{ type: 'gap', seq: gap.seq }])
})

test('a market that only changes is told with its checksum once a second', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const outbox = watched(log)
  taken(outbox, 5000)
  const sums = [5001, 5999, 6000, 6500, 7000].map((nowMs, i) => {
    change(log, outbox, 110 + i)
    return taken(outbox, nowMs).map(({ sum }) => sum !== undefined)
  })
  expect(sums).toEqual([[false], [false], [true], [false], [true]])
})
