import type { Micros } from './instant.ts'
import type { Price } from './price.ts'
import type { Size } from './size.ts'
import type { Trade } from './trade.ts'

/** What trades of one bucket of time come to; sums of adjoining buckets can be joined without loss. */
export type TradeSums = {
  readonly open: Price
  readonly high: Price
  readonly low: Price
  readonly close: Price
  readonly volume: Size
  readonly trades: number
  /** Price times size, summed: in day-long buckets it outgrows 2⁵³. */
  readonly notional: bigint
}

/** Sums by the UTC start of their bucket, oldest first. */
export type SumsByStart = ReadonlyMap<Micros, TradeSums>

/** The start of the UTC bucket that holds a moment; `intervalUs` divides a day. */
export function bucketOf(us: Micros, intervalUs: number): Micros {
  return (us - (us % intervalUs)) as Micros
}

/**
 * Folds trades into buckets.
 * @param trades of one market, ordered by (event, trade id)
 * @param blocks whether block trades count
 */
export function sumTrades(
  trades: Iterable<Trade>,
  intervalUs: number,
  blocks: 'include' | 'exclude',
): SumsByStart {
  const sums = new Map<Micros, TradeSums>()
  for (const { event, price, size, block } of trades) {
    if (block && blocks === 'exclude') continue
    const notional = BigInt(price) * BigInt(size)
    const one = { open: price, high: price, low: price, close: price, volume: size, trades: 1 }
    add(sums, bucketOf(event, intervalUs), { ...one, notional })
  }
  return sums
}

/** Joins sums of small buckets into those of larger ones, whose interval is a multiple of theirs. */
export function widenSums(narrow: SumsByStart, intervalUs: number): SumsByStart {
  const sums = new Map<Micros, TradeSums>()
  for (const [start, each] of narrow) add(sums, bucketOf(start, intervalUs), each)
  return sums
}

/** The mean price weighted by size, to the nearest millionth of a dollar, halves up; null without any size. */
export function vwapOf({ notional, volume }: TradeSums): Price | null {
  const size = BigInt(volume)
  return size === 0n ? null : (Number((2n * notional + size) / (2n * size)) as Price)
}

function add(sums: Map<Micros, TradeSums>, start: Micros, later: TradeSums): void {
  const before = sums.get(start)
  sums.set(start, before === undefined ? later : join(before, later))
}

function join(before: TradeSums, later: TradeSums): TradeSums {
  return {
    open: before.open,
    high: Math.max(before.high, later.high) as Price,
    low: Math.min(before.low, later.low) as Price,
    close: later.close,
    volume: (before.volume + later.volume) as Size,
    trades: before.trades + later.trades,
    notional: before.notional + later.notional,
  }
}
