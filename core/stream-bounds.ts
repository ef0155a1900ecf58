import { z } from 'zod'
import type { StreamFault } from './stream-hearing.ts'
import type { Wanted } from './subscriptions.ts'

/** What a connection may not go beyond, whatever its plan allows. */
export const streamBounds = z.object({
  /** When it is closed, ms since 1970. */
  until_ms: z.int(),
  /** The markets that it may follow. */
  markets: z.array(z.string()),
  /** Its books are told at most this often, ms. */
  conflate_ms: z.int().min(0),
})
export type StreamBounds = z.infer<typeof streamBounds>

/** Why a connection may not subscribe so; null when it may. */
export function boundsObjection(
  { markets, conflate_ms }: StreamBounds,
  wanted: Wanted,
): StreamFault | null {
  const selects = wanted.all || wanted.events.length > 0 || wanted.series.length > 0
  if (selects || !wanted.markets.every((market) => markets.includes(market))) {
    const message = `markets: this key follows ${markets.join(', ')} alone`
    return { code: 'invalid_param', message }
  }
  if (wanted.conflate_ms >= conflate_ms) return null
  return { code: 'invalid_param', message: `conflate_ms: at least ${conflate_ms} with this key` }
}
