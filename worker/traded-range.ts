import type { ApiError } from '#core/api-error'
import { type Micros, printInstant } from '#core/instant'
import { finalThrough, type Hole, holesWithin, type TradeRecord } from '#core/trade-holes'
import type { Window } from './by-window.ts'
import { DatabaseAwayError } from './database.ts'

/** The exchange's clock may be so far ahead of ours, µs. */
const AHEAD_US = 60_000_000

/** The range that is read of a list by the exchange's time, and what is known to be missing in it. */
export type TradedRange = {
  readonly ok: true
  readonly range: Window
  /** Of it what lies in the past: a plan bounds how much of it is streamed. */
  readonly bounded: Window
  readonly holes: readonly Hole[]
  readonly throughUs: Micros | null
}

/**
 * What to read for a range that a caller asked for, or why there is nothing to read.
 * @param first no row of the list is older
 */
export function tradedRange(
  record: TradeRecord,
  asked: { readonly from: Micros | undefined; readonly to: Micros | undefined },
  first: Micros,
  now: Micros,
): TradedRange | { readonly ok: false; readonly error: ApiError } {
  const { begins, through } = record
  if (asked.to !== undefined && (begins === null || asked.to <= begins)) {
    const covered = {
      from_ts: begins && printInstant(begins),
      through_ts: begins && through && printInstant(through),
    }
    const message = 'lies before the record of trades begins'
    return { ok: false, error: { code: 'range_not_covered', param: 'to', message, covered } }
  }
  const least = Math.max(begins ?? now, first)
  const toUs = Math.min(asked.to ?? now + AHEAD_US, now + AHEAD_US) as Micros
  const fromUs = (asked.from ?? Math.min(least, toUs)) as Micros
  const told = { fromUs, toUs }
  return {
    ok: true,
    // Nothing is looked for where nothing can be.
    range: { fromUs: Math.min(Math.max(fromUs, least), toUs) as Micros, toUs },
    bounded: { fromUs: Math.min(fromUs, now) as Micros, toUs: Math.min(toUs, now) as Micros },
    holes: holesWithin(record, told),
    throughUs: finalThrough(record, told),
  }
}

/**
 * Makes sure that no day of a window was dropped since it was found to be kept. Throws DatabaseAwayError when one was: who
 * asks again is told.
 */
export function requireKept({ fromUs }: Window, keptFromUs: Micros): void {
  if (keptFromUs > fromUs) throw new DatabaseAwayError('a day was dropped meanwhile')
}
