/** How many streams an account may hold open, and how many markets each may follow. */
export type StreamLimits = { readonly connections: number; readonly markets: number }

/** More than the exchange has: a plan that may follow every market. */
const ALL_MARKETS = 1_000_000

const STREAM_LIMITS: Readonly<Record<string, StreamLimits>> = {
  free: { connections: 1, markets: 10 },
  starter: { connections: 3, markets: 500 },
  pro: { connections: 10, markets: 5000 },
  scale: { connections: 50, markets: ALL_MARKETS },
}

/** A plan's stream limits; those of the smallest plan when the name is not known. */
export function streamLimitsOf(plan: string): StreamLimits {
  return STREAM_LIMITS[plan] ?? { connections: 1, markets: 10 }
}
