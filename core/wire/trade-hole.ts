import { z } from 'zod'

const micros = z.int().nonnegative()

/** Trades of an interval did not come by the stream; `to_us` is null while they still do not. What is fetched later comes as a refill. */
export const wireTradeHole = z.object({ from_us: micros, to_us: micros.nullable() })

export type WireTradeHole = z.infer<typeof wireTradeHole>
