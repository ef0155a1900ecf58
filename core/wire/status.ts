import { z } from 'zod'

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
