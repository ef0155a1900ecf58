import type { Micros } from './instant.ts'
import { bucketOf } from './trade-sums.ts'

/**
 * How much later than its exchange's time a trade may be received, and how far the two clocks may differ, µs. A trade
 * that is told later still is stored all the same, as one inside a hole.
 */
export const TRADE_LATE_US = 10_000_000

/** An interval of which trades may be missing; `to` null while they still are. */
export type Hole = { readonly from: Micros; readonly to: Micros | null }

/** What the store holds of all markets' trades, by our clock. */
export type TradeRecord = {
  /** When the record of trades begins, or what is left of it; null when there is none. */
  readonly begins: Micros | null
  /** The watermark; null before the first epoch. */
  readonly through: Micros | null
  /** The holes that are not filled, oldest first. */
  readonly unfilled: readonly Hole[]
}

/** A range of event time, `to` exclusive, µs. */
export type TradeRange = { readonly fromUs: Micros; readonly toUs: Micros }

/**
 * The holes that overlap a range, in event time and so wider than by our clock; the time before the record began is one.
 * They may overlap each other.
 */
export function holesWithin(record: TradeRecord, { fromUs, toUs }: TradeRange): Hole[] {
  const begins = record.begins ?? toUs
  const before = { from: fromUs, to: begins }
  const unfilled = record.unfilled.map(inEventTime)
  return [before, ...unfilled].filter(
    ({ from, to }) => from < toUs && (to === null || (to > fromUs && to > from)),
  )
}

/** Until when trades of a range are final, by event time: what comes later is older than none of them. Null for none. */
export function finalThrough(record: TradeRecord, range: TradeRange): Micros | null {
  if (record.through === null) return null
  const late = record.through - TRADE_LATE_US
  const holes = record.unfilled.map(inEventTime)
  const [first] = holes.filter(
    ({ from, to }) => from < range.toUs && (to === null || to > range.fromUs),
  )
  return Math.max(0, Math.min(late, first === undefined ? late : first.from - 1)) as Micros
}

/** Whether all trades of a bucket are stored. */
export function isWhole(record: TradeRecord, { fromUs, toUs }: TradeRange): boolean {
  const passed = record.through !== null && record.through - TRADE_LATE_US >= toUs - 1
  return passed && holesWithin(record, { fromUs, toUs }).length === 0
}

/** Until which start buckets are final when trades are until `through`; null when none is. */
export function finalBuckets(through: Micros | null, intervalUs: number): Micros | null {
  if (through === null) return null
  // A trade at the very end of a bucket belongs to the next.
  const start = bucketOf((through + 1) as Micros, intervalUs)
  return start === 0 ? null : ((start - 1) as Micros)
}

function inEventTime({ from, to }: Hole): Hole {
  return {
    from: Math.max(0, from - TRADE_LATE_US) as Micros,
    to: to === null ? null : ((to + TRADE_LATE_US) as Micros),
  }
}
