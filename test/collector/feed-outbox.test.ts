import { expect, test } from 'vitest'
import { LiveBook } from '#core/live-book'
import type { Ladders } from '#core/log'
import { MarketLog } from '#core/market-log'
import type { Ticker } from '#core/ticker'
import { fromCollector } from '#core/wire/feed'
import { readItem } from '#core/wire/feed-item'
import { FeedOutbox } from '../../collector/feed-outbox.ts'
import { epoch, levels, must, us } from '../core/arbitraries.ts'

const MARKET = 'M' as Ticker
const FULL: Ladders = { yes: levels([420_000, 500]), no: [] }

/** What a shard makes of the outbox's next message: the book that its subscribers follow. */
function delivered(outbox: FeedOutbox, live = new LiveBook('M', 'active')): LiveBook {
  const message = fromCollector.parse(JSON.parse(`{"n":1,"items":${must(outbox.take())}}`))
  for (const item of 'items' in message ? message.items : []) {
    expect(live.take(must(readItem(item)), item.sum ?? null, 1).need).toBe(false)
  }
  return live
}

function watched(log: MarketLog): FeedOutbox {
  const outbox = new FeedOutbox(new Map([[MARKET, log]]), 100)
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
  const outbox = new FeedOutbox(logs, 100)
  outbox.watch([MARKET])
  expect(outbox.take()).toBeNull()
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
