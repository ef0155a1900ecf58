import { z } from 'zod'
import type { BboChange } from '../bbo.ts'
import type { Level } from '../log.ts'
import type { Column } from './csv.ts'
import { priceText, sizeText } from './number-text.ts'

const micros = z.int().nonnegative()
const level = z.tuple([z.string(), z.string()]).nullable()

/** A change of best bid or best ask, in yes prices (wire §1). */
export const wireBbo = z.object({
  seq: z.int().nonnegative().describe('Of the record that made it, or of the last before a gap'),
  known: z.boolean().describe('False inside a gap: then both sides are null, and say nothing'),
  bid: level.describe('[price, size] of the best bid; null when there is none'),
  ask: level.describe('[price, size] of the best ask; null when there is none'),
  event_us: micros.nullable(),
  recv_us: micros,
})
export type WireBbo = z.infer<typeof wireBbo>

/** Prints a change of the bbo as the wire carries it. */
export function printBbo({ seq, known, bid, ask, event, recv }: BboChange): WireBbo {
  return {
    seq,
    known,
    bid: bid && printLevel(bid),
    ask: ask && printLevel(ask),
    event_us: event,
    recv_us: recv,
  }
}

/** What CSV shows of a change of the bbo. */
export const BBO_COLUMNS: readonly Column<WireBbo>[] = [
  ['seq', ({ seq }) => seq],
  ['known', ({ known }) => known],
  ['bid_price', ({ bid }) => bid?.[0] ?? null],
  ['bid_size', ({ bid }) => bid?.[1] ?? null],
  ['ask_price', ({ ask }) => ask?.[0] ?? null],
  ['ask_size', ({ ask }) => ask?.[1] ?? null],
  ['event_us', ({ event_us }) => event_us],
  ['recv_us', ({ recv_us }) => recv_us],
]

function printLevel([price, size]: Level): [string, string] {
  return [priceText(price), sizeText(size)]
}
