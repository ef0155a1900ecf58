import type { Micros } from './instant.ts'
import type { Gap, Level } from './log.ts'
import type { Price } from './price.ts'
import type { QuoteMinute } from './quote-minute.ts'
import type { Size } from './size.ts'
import { bucketOf, type SumsByStart, vwapOf } from './trade-sums.ts'

/** The length of each interval, µs. Buckets begin at UTC midnight. */
export const CANDLE_INTERVALS = {
  '1m': 60_000_000,
  '5m': 300_000_000,
  '15m': 900_000_000,
  '1h': 3_600_000_000,
  '4h': 14_400_000_000,
  '1d': 86_400_000_000,
} as const
export type CandleInterval = keyof typeof CANDLE_INTERVALS

/** One bucket of a market's trading in yes prices; what it had no trade for is null. */
export type Candle = {
  readonly start: Micros
  readonly open: Price | null
  readonly high: Price | null
  readonly low: Price | null
  readonly close: Price | null
  readonly volume: Size
  readonly trades: number
  readonly vwap: Price | null
  /** At the bucket's end; null when that side was empty or the book was not known. */
  readonly bid: Level | null
  readonly ask: Level | null
  readonly openInterest: Size | null
  /** Microseconds of the bucket in which the book was not known: > 0 says that quotes are incomplete. */
  readonly gapUs: number
}

/** What candles of one market are made of. */
export type CandleParts = {
  /** Its trades in buckets of this very interval. */
  readonly sums: SumsByStart
  /** Its quote minutes within the range, oldest first. */
  readonly quotes: readonly QuoteMinute[]
  /** Its last quote minute before the range, which holds until the next; null when there is none. */
  readonly before: QuoteMinute | null
  /** Its gaps as known now that overlap the range, and the time before its log: a gap may have been found after a minute was closed. */
  readonly gaps: readonly Pick<Gap, 'from' | 'to'>[]
}

type Quoted = { last: QuoteMinute; gapUs: number }

/** Time in which the book was not known; `to` may be infinite. */
type Unknown = { readonly from: number; to: number }

/** The candles of buckets in which a trade fell or a quote changed, oldest first. */
export function candlesOf(parts: CandleParts, intervalUs: number): Candle[] {
  const quoted = quotesByStart(parts.quotes, intervalUs)
  const starts = [...new Set([...parts.sums.keys(), ...quoted.keys()])].sort((a, b) => a - b)
  const unknown = joined(parts.gaps)
  let last = parts.before
  return starts.map((start) => {
    const own = quoted.get(start)
    last = own?.last ?? last
    const sums = parts.sums.get(start)
    const { known, gapUs } = bucketIn(unknown, start, (start + intervalUs) as Micros)
    return {
      start,
      open: sums?.open ?? null,
      high: sums?.high ?? null,
      low: sums?.low ?? null,
      close: sums?.close ?? null,
      volume: sums?.volume ?? (0 as Size),
      trades: sums?.trades ?? 0,
      vwap: sums === undefined ? null : vwapOf(sums),
      bid: known && last !== null ? last.bid : null,
      ask: known && last !== null ? last.ask : null,
      openInterest: last?.openInterest ?? null,
      gapUs: Math.max(own?.gapUs ?? 0, gapUs),
    }
  })
}

/** Whole seconds of a candle's gap, rounded up, so that none is told as zero. */
export function gapSeconds({ gapUs }: Candle): number {
  return Math.ceil(gapUs / 1_000_000)
}

function quotesByStart(
  quotes: readonly QuoteMinute[],
  intervalUs: number,
): ReadonlyMap<Micros, Quoted> {
  const quoted = new Map<Micros, Quoted>()
  for (const quote of quotes) {
    const start = bucketOf(quote.start, intervalUs)
    const gapUs = (quoted.get(start)?.gapUs ?? 0) + quote.gapUs
    quoted.set(start, { last: quote, gapUs })
  }
  return quoted
}

/** The same time in stretches that do not overlap, oldest first. */
function joined(gaps: CandleParts['gaps']): Unknown[] {
  const apart: Unknown[] = []
  for (const gap of [...gaps].sort((a, b) => a.from - b.from)) {
    const to = gap.to ?? Number.POSITIVE_INFINITY
    const last = apart.at(-1)
    if (last === undefined || last.to < gap.from) apart.push({ from: gap.from, to })
    else last.to = Math.max(last.to, to)
  }
  return apart
}

/**
 * Whether the book was known at a bucket's end, and for how long it was not, µs.
 * @param unknown is rid of what ended before the bucket: buckets are asked for oldest first
 */
function bucketIn(unknown: Unknown[], start: Micros, end: Micros) {
  while (unknown[0] !== undefined && unknown[0].to <= start) unknown.shift()
  let [known, gapUs] = [true, 0]
  for (const { from, to } of unknown) {
    if (from >= end) break
    known = to < end
    gapUs += Math.min(to, end) - Math.max(from, start)
  }
  return { known, gapUs }
}
