/** The names of what we sell, the smallest first. */
export const PLAN_NAMES = ['free', 'starter', 'pro', 'scale'] as const
export type PlanName = (typeof PLAN_NAMES)[number]

/** How many streams an account may hold open, and how many markets each may follow. */
export type StreamLimits = { readonly connections: number; readonly markets: number }

/** What a plan costs, and what it lets its account do. */
export type Plan = {
  readonly name: PlanName
  readonly title: string
  /** Price of a calendar month, cents. */
  readonly monthCents: number
  /** Credits that a calendar month includes. */
  readonly credits: number
  /** Requests a second; twice as many may come at once. */
  readonly requestsPerS: number
  readonly streams: StreamLimits
  /** How far back the record may be read, µs; null for all of it. */
  readonly historyUs: number | null
  /** The longest range that one streamed request may ask for, µs; null for any. */
  readonly streamedRangeUs: number | null
  /** Price of 100,000 credits beyond the included ones, cents; null where there are none to be had. */
  readonly overageCents: number | null
}

const DAY_US = 86_400_000_000
/** More than the exchange has: a plan that may follow every market. */
const ALL_MARKETS = 1_000_000

const FREE: Plan = {
  name: 'free',
  title: 'Free',
  monthCents: 0,
  credits: 10_000,
  requestsPerS: 5,
  streams: { connections: 1, markets: 10 },
  historyUs: 30 * DAY_US,
  streamedRangeUs: DAY_US,
  overageCents: null,
}

/** Every plan, as it is shown, sold and enforced. */
export const PLANS: Readonly<Record<PlanName, Plan>> = {
  free: FREE,
  starter: {
    name: 'starter',
    title: 'Starter',
    monthCents: 3900,
    credits: 500_000,
    requestsPerS: 25,
    streams: { connections: 3, markets: 500 },
    historyUs: null,
    streamedRangeUs: 31 * DAY_US,
    overageCents: 800,
  },
  pro: {
    name: 'pro',
    title: 'Pro',
    monthCents: 14_900,
    credits: 3_000_000,
    requestsPerS: 100,
    streams: { connections: 10, markets: 5000 },
    historyUs: null,
    streamedRangeUs: 366 * DAY_US,
    overageCents: 600,
  },
  scale: {
    name: 'scale',
    title: 'Scale',
    monthCents: 49_900,
    credits: 15_000_000,
    requestsPerS: 300,
    streams: { connections: 50, markets: ALL_MARKETS },
    historyUs: null,
    streamedRangeUs: null,
    overageCents: 400,
  },
}

/** How many requests may come at once, in seconds of the plan's rate. */
export const BURST_S = 2

/** The plan of a name; the smallest one when the name is not known. */
export function planOf(name: string): Plan {
  return isPlanName(name) ? PLANS[name] : FREE
}

/** Whether this names a plan of ours. */
export function isPlanName(name: string): name is PlanName {
  return PLAN_NAMES.some((each) => each === name)
}
