/** How many streams an account may hold open, and how many markets each may follow. */
export type StreamLimits = { readonly connections: number; readonly markets: number }

/** What a plan lets its account do. */
export type Plan = {
  readonly streams: StreamLimits
  /** The longest range that one streamed request may ask for, µs; null for any. */
  readonly streamedRangeUs: number | null
}

const DAY_US = 86_400_000_000
/** More than the exchange has: a plan that may follow every market. */
const ALL_MARKETS = 1_000_000

const FREE: Plan = { streams: { connections: 1, markets: 10 }, streamedRangeUs: DAY_US }
const PLANS: Readonly<Record<string, Plan>> = {
  free: FREE,
  starter: { streams: { connections: 3, markets: 500 }, streamedRangeUs: 31 * DAY_US },
  pro: { streams: { connections: 10, markets: 5000 }, streamedRangeUs: 366 * DAY_US },
  scale: { streams: { connections: 50, markets: ALL_MARKETS }, streamedRangeUs: null },
}

/** What the plan of a name allows; the smallest one when the name is not known. */
export function planOf(name: string): Plan {
  return PLANS[name] ?? FREE
}
