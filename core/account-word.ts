import type { RateWord } from './admission.ts'
import type { Micros } from './instant.ts'
import type { PlanName, StreamLimits } from './plan.ts'

/** How an account stands this month, as its object tells it. */
export type AccountLimits = {
  readonly plan: PlanName
  readonly rate: RateWord
  /** What is counted together: the calendar month; `toUs` is exclusive. */
  readonly fromUs: Micros
  readonly toUs: Micros
  /** Credits: included in the month, settled, reserved, settled beyond the included ones, and left to be spent. */
  readonly included: number
  readonly used: number
  readonly held: number
  readonly over: number
  readonly left: number
  /** Credits that the month may go beyond the included ones. */
  readonly overageCap: number
  /** Keys that may still be used or were this month, with their caps and what they used of them. */
  readonly keys: readonly {
    readonly id: string
    readonly monthCap: number | null
    readonly used: number
  }[]
  readonly streams: StreamLimits & { readonly open: number }
}

/** What a key spent on a route in an hour. */
export type UsageRow = {
  readonly hourUs: Micros
  readonly keyId: string
  readonly route: string
  readonly requests: number
  readonly failed: number
  readonly credits: number
}

/** What an account spent, as its object tells it, by hour, key and route. */
export type AccountUsage = {
  readonly rows: readonly UsageRow[]
  /** Up to here (exclusive) no row is missing. */
  readonly throughUs: Micros
}

/** A stream that is open, as its account's object tells it. */
export type OpenStream = {
  /** The id of the request that opened it. */
  readonly requestId: string
  readonly keyId: string
  readonly openedMs: number
  /** The market whose stream it is; null for one of any number of markets. */
  readonly market: string | null
  /** Markets that it followed when it was renewed last, half a minute ago at most; null before. */
  readonly markets: number | null
  /** Credits that it was charged. */
  readonly credits: number
}
