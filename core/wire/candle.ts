import { z } from 'zod'
import { type Candle, gapSeconds } from '../candle.ts'
import type { Level } from '../log.ts'
import { type Price, printPrice } from '../price.ts'
import { printSize } from '../size.ts'
import type { Column } from './csv.ts'

const price = z.string().nullable()
const level = z.tuple([z.string(), z.string()]).nullable()

/** A candle as the wire carries it (wire §1). */
export const wireCandle = z.object({
  start_us: z.int().nonnegative(),
  open: price,
  high: price,
  low: price,
  close: price,
  volume: z.string(),
  trades: z.int().nonnegative(),
  vwap: price.describe('To the nearest millionth of a dollar; null without trades'),
  bid: level.describe('At the bucket’s end; null when that side was empty or not known'),
  ask: level,
  open_interest: z.string().nullable(),
  gap_seconds: z
    .int()
    .nonnegative()
    .describe('Seconds in which the book was not known, rounded up; above 0 quotes are incomplete'),
  final: z
    .boolean()
    .describe('false until the bucket is over and stored, and where trades may be missing in it'),
})

export type WireCandle = z.infer<typeof wireCandle>

/** A candle, and whether nothing of it is to come. */
export type TimedCandle = Candle & { readonly final: boolean }

/** Prints a candle as the wire carries it. */
export function printCandle(candle: TimedCandle): WireCandle {
  return {
    start_us: candle.start,
    open: printed(candle.open),
    high: printed(candle.high),
    low: printed(candle.low),
    close: printed(candle.close),
    volume: printSize(candle.volume),
    trades: candle.trades,
    vwap: printed(candle.vwap),
    bid: printLevel(candle.bid),
    ask: printLevel(candle.ask),
    open_interest: candle.openInterest === null ? null : printSize(candle.openInterest),
    gap_seconds: gapSeconds(candle),
    final: candle.final,
  }
}

/** What CSV shows of a candle. */
export const CANDLE_COLUMNS: readonly Column<WireCandle>[] = [
  ['start_us', (candle) => candle.start_us],
  ['open', (candle) => candle.open],
  ['high', (candle) => candle.high],
  ['low', (candle) => candle.low],
  ['close', (candle) => candle.close],
  ['volume', (candle) => candle.volume],
  ['trades', (candle) => candle.trades],
  ['vwap', (candle) => candle.vwap],
  ['bid_price', (candle) => candle.bid?.[0] ?? null],
  ['bid_size', (candle) => candle.bid?.[1] ?? null],
  ['ask_price', (candle) => candle.ask?.[0] ?? null],
  ['ask_size', (candle) => candle.ask?.[1] ?? null],
  ['open_interest', (candle) => candle.open_interest],
  ['gap_seconds', (candle) => candle.gap_seconds],
  ['final', (candle) => candle.final],
]

function printed(value: Price | null): string | null {
  return value === null ? null : printPrice(value)
}

function printLevel(value: Level | null): [string, string] | null {
  return value === null ? null : [printPrice(value[0]), printSize(value[1])]
}
