import type { Micros } from './instant.ts'
import { holesWithin, TRADE_LATE_US, type TradeRecord } from './trade-holes.ts'
import type { WireTradeHole } from './wire/trade-hole.ts'

/** Trades that somebody missed: of event time after a moment, recorded up to another by our clock, µs. */
export type MissedSpan = { readonly afterUs: number; readonly untilUs: number }

/** How many trades are told at most; of more, the latest. */
export const MOST_MISSED_TRADES = 10_000
/** How far back trades are read, µs. */
const LONGEST_US = 86_400_000_000

/** From when on trades of a span are read, µs of event time. */
export function readsFrom({ afterUs, untilUs }: MissedSpan): number {
  return Math.max(afterUs + 1, untilUs - LONGEST_US)
}

/** Whether the record has all trades that came before the end of a span. */
export function isRecorded({ through }: TradeRecord, { untilUs }: MissedSpan): boolean {
  return through !== null && through >= untilUs
}

/**
 * Of which times trades of a span may be missing, oldest first; they may overlap.
 * @param record what the store held before its trades were read; null when it was not to be asked
 * @param readUs from this event time on, µs, all that it holds was read
 */
export function missingTrades(
  record: TradeRecord | null,
  span: MissedSpan,
  readUs: number,
): WireTradeHole[] {
  const { afterUs, untilUs } = span
  if (untilUs <= afterUs) return []
  if (record === null) return [{ from_us: afterUs, to_us: untilUs }]
  const holes = holesWithin(record, { fromUs: afterUs as Micros, toUs: untilUs as Micros })
  const gaps = holes.map(({ from, to }) => ({
    from_us: Math.max(afterUs, from),
    to_us: to,
  }))
  const before = { from_us: afterUs, to_us: readUs }
  const recorded = Math.max(afterUs, (record.through ?? 0) - TRADE_LATE_US)
  const rest = { from_us: recorded, to_us: untilUs }
  return [
    ...(readUs > afterUs + 1 ? [before] : []),
    ...gaps,
    ...(isRecorded(record, span) ? [] : [rest]),
  ]
}
