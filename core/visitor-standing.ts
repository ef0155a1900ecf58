import type { Micros } from './instant.ts'
import { monthOf } from './period.ts'
import type { AccountStanding } from './standing.ts'

const PREFIX = 'visitors:'
const DAY_US = 86_400_000_000

/** From whom all visitors spend together. */
export const ALL_VISITORS = `${PREFIX}all`

/** From whom visitors of an address prefix spend. @param prefix a /24 or a /64 */
export function visitorsOf(prefix: string): string {
  return PREFIX + prefix
}

/** Whether an Account object is one of visitors, who have no account. */
export function isVisitors(name: string): boolean {
  return name.startsWith(PREFIX)
}

/** What visitors of one address prefix may do in a day, and all of them together. */
const TERMS = {
  one: { credits: 500, requestsPerS: 5, connections: 2, markets: 5 },
  all: { credits: 50_000, requestsPerS: 200, connections: 500, markets: 5 },
}

/** What visitors may do: nothing but constants, so that nobody is asked. @param name of their Account object */
export function visitorStanding(name: string): AccountStanding {
  return {
    rev: 0,
    closed: false,
    free_credits: true,
    overage_cap_cents: null,
    overage_suspended: null,
    paid_once: false,
    grace_until_us: null,
    terms: name === ALL_VISITORS ? TERMS.all : TERMS.one,
    plans: [{ plan: 'free', from_us: 0 as Micros }],
    grants: [],
    keys: [],
  }
}

/** What an Account object counts credits by: the calendar month, UTC; of visitors the day. `toUs` is exclusive. */
export function periodOf(name: string, atUs: Micros): ReturnType<typeof monthOf> {
  if (!isVisitors(name)) return monthOf(atUs)
  const fromUs = (atUs - (atUs % DAY_US)) as Micros
  return { fromUs, toUs: (fromUs + DAY_US) as Micros }
}
