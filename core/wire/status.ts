import { z } from 'zod'
import type { Micros } from '../instant.ts'
import type { MarketState } from '../market-life.ts'
import { printDollars } from '../settlement.ts'

const micros = z.int().nonnegative()

/** What the exchange says of a market besides its book and trades, after each change of it. */
export const wireStatus = z.object({
  market_status: z.string().describe('The exchange’s word'),
  result: z.string().nullable().describe('Null until it is determined'),
  settlement_value: z.string().nullable().describe('What a yes pays, decimal dollars'),
  event_us: micros.nullable(),
  recv_us: micros,
})

export type WireStatus = z.infer<typeof wireStatus>

/**
 * Prints where a market stands.
 * @param event when the exchange says that it came so; null when it does not say
 */
export function printStatus(
  { status, result, value }: Pick<MarketState, 'status' | 'result' | 'value'>,
  event: Micros | null,
  recv: Micros,
): WireStatus {
  return {
    market_status: status,
    result,
    settlement_value: value === null ? null : printDollars(value),
    event_us: event,
    recv_us: recv,
  }
}
