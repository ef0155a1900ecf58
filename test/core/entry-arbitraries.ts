import * as fc from 'fast-check'
import type { Entry } from '#core/entry'
import { END_REASONS, GAP_CAUSES, SNAPSHOT_REASONS, seqOf } from '#core/log'
import { CHANGE_KINDS } from '#core/market-change'
import {
  anyChange,
  anyLadders,
  anyPrice,
  anySide,
  anySize,
  epoch,
  ticker,
  us,
} from './arbitraries.ts'

const anyMarket = fc
  .stringMatching(/^[A-Za-z0-9._-]{1,128}$/)
  .map(ticker)
  .filter((market) => market.length <= 128)
/** So few that the same one often follows itself. */
const markets = fc.oneof(fc.constantFrom(...['KXA-1', 'KXA-2', 'KXB-T4.5'].map(ticker)), anyMarket)
const anyEpoch = fc
  .oneof(fc.constantFrom(0, 7800, 7801), fc.integer({ min: 0, max: 2 ** 21 - 1 }))
  .map(epoch)
const seqs = fc
  .tuple(anyEpoch, fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 1 })))
  .map(([of, n]) => seqOf(of, n))
const micros = fc
  .oneof(
    fc.integer({ min: 1_795_000_000_000_000, max: 1_795_000_000_100_000 }),
    fc.integer({ min: 0, max: 2 ** 52 - 1 }),
  )
  .map(us)
const maybeMicros = fc.option(micros, { nil: null })
const text = fc.string({ unit: 'binary', maxLength: 300 })
const level = fc.option(fc.tuple(anyPrice, anySize), { nil: null })

const stamp = { seq: seqs, recv: micros, event: maybeMicros }
const delta = fc.record({
  kind: fc.constant('delta' as const),
  ...stamp,
  side: anySide,
  price: anyPrice,
  change: anyChange,
  size: anySize,
})
const snapshot = fc
  .tuple(fc.record({ ...stamp, reason: fc.constantFrom(...SNAPSHOT_REASONS) }), anyLadders)
  .map(([stamped, ladders]) => ({ kind: 'snapshot' as const, ...stamped, ...ladders }))
const gap = fc.record({
  kind: fc.constant('gap' as const),
  ...stamp,
  cause: fc.constantFrom(...GAP_CAUSES),
  from: micros,
  prevSeq: fc.option(seqs, { nil: null }),
})
const end = fc.record({
  kind: fc.constant('end' as const),
  ...stamp,
  reason: fc.constantFrom(...END_REASONS),
})
const trade = fc.record({
  market: markets,
  tradeId: fc.oneof(fc.uuid(), text),
  price: anyPrice,
  size: anySize,
  taker: anySide,
  block: fc.boolean(),
  event: micros,
  recv: micros,
  source: fc.constantFrom('stream' as const, 'refill' as const),
})
const quote = fc.record({
  market: markets,
  start: micros,
  bid: level,
  ask: level,
  openInterest: fc.option(anySize, { nil: null }),
  gapUs: fc.nat(60_000_000),
})
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown)
const change = fc.record({
  market: fc.option(markets, { nil: null }),
  event: fc.option(text, { nil: null }),
  kind: fc.constantFrom(...CHANGE_KINDS),
  at: maybeMicros,
  recv: micros,
  detail: fc.dictionary(fc.stringMatching(/^[a-z_]{1,20}$/), json, { noNullPrototype: true }),
  source: fc.constantFrom('stream' as const, 'rest' as const, 'clock' as const),
})
const aside = fc.record({
  market: fc.option(markets, { nil: null }),
  recv: micros,
  kind: fc.constantFrom('malformed' as const, 'unknown' as const, 'unstorable' as const),
  reason: text,
  text,
})
const mark = fc.record({
  epoch: anyEpoch,
  through: micros,
  alive: fc.array(fc.record({ connection: fc.nat(64), us: micros }), { maxLength: 5 }),
})

/** An entry of any kind, with any numbers that it can have. */
export const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    kind: fc.constant('record' as const),
    market: markets,
    record: fc.oneof(delta, delta, delta, snapshot, gap, end),
  }),
  fc.record({ kind: fc.constant('trade' as const), trade }),
  fc.record({
    kind: fc.constant('trade_hole' as const),
    hole: fc.record({ from: micros, to: maybeMicros, filled: maybeMicros }),
  }),
  fc.record({ kind: fc.constant('quote' as const), quote }),
  fc.record({ kind: fc.constant('change' as const), change }),
  fc.record({ kind: fc.constant('aside' as const), aside }),
  fc.record({ kind: fc.constant('mark' as const), mark }),
)
