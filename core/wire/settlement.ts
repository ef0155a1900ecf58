import { z } from 'zod'
import { CHANGE_SOURCES } from '../market-change.ts'
import { printDollars, type Settlement } from '../settlement.ts'
import type { Column } from './csv.ts'

const micros = z.int().nullable()

/** A result that the exchange gave a market. */
export const wireSettlement = z.object({
  type: z.literal('settlement'),
  market: z.string(),
  n: z.int().nonnegative().describe('0 is the first result; a later one replaces it'),
  result: z.string().describe('yes, no or scalar'),
  settlement_value: z.string().nullable().describe('What a yes pays, dollars'),
  determined_us: micros.describe('When the exchange says that the result was found'),
  settled_us: micros.describe('When it was paid; null before, and of a result that was replaced'),
  recv_us: z.int().nonnegative(),
  source: z.enum(CHANGE_SOURCES),
})

export type WireSettlement = z.infer<typeof wireSettlement>

/** Prints a result as the wire carries it. */
export function printSettlement(settlement: Settlement): WireSettlement {
  const { market, n, result, value, determined, settled, recv, source } = settlement
  return {
    type: 'settlement',
    market,
    n,
    result,
    settlement_value: value === null ? null : printDollars(value),
    determined_us: determined,
    settled_us: settled,
    recv_us: recv,
    source,
  }
}

/** What CSV shows of a result. */
export const SETTLEMENT_COLUMNS: readonly Column<WireSettlement>[] = [
  ['market', (settlement) => settlement.market],
  ['n', (settlement) => settlement.n],
  ['result', (settlement) => settlement.result],
  ['settlement_value', (settlement) => settlement.settlement_value],
  ['determined_us', (settlement) => settlement.determined_us],
  ['settled_us', (settlement) => settlement.settled_us],
  ['recv_us', (settlement) => settlement.recv_us],
  ['source', (settlement) => settlement.source],
]
