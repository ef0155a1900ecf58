import { z } from 'zod'
import { PLAN_NAMES } from '../plan.ts'

const rfc3339 = z.string().describe('RFC 3339, UTC, microseconds')
const count = z.int().nonnegative()

/** `GET /v1/whoami`. */
export const whoamiAnswer = z.object({
  account: z.string(),
  plan: z.enum(PLAN_NAMES),
  key: z.object({
    id: z.string(),
    name: z.string().nullable().describe('As its owner named it; null for one that nobody made'),
    scopes: z.array(z.string()),
    expires_ts: rfc3339.nullable(),
  }),
})
export type WhoamiAnswer = z.infer<typeof whoamiAnswer>

/** `GET /v1/limits`. */
export const limitsAnswer = z.object({
  plan: z.enum(PLAN_NAMES),
  requests: z.object({
    per_second: count,
    burst: count.describe('How many may come at once'),
    remaining: count,
  }),
  streams: z.object({
    connections: count,
    open: count.describe('Connections that are open now'),
    markets: count.describe('That each may follow'),
  }),
  history_days: z.number().nullable().describe('How far back is read; null for all'),
  streamed_range_days: z.number().nullable().describe('Of one streamed request; null for any'),
  credits: z.object({
    from_ts: rfc3339.describe('Where the month begins'),
    to_ts: rfc3339.describe('Where it ends, itself left out'),
    included: z.int(),
    used: count.describe('Of requests that are done'),
    reserved: count.describe('Of requests that are under way'),
    left: count.describe('That may still be spent, overage within its cap counted'),
    overage: count.describe('Used beyond the included ones'),
    overage_cap: count.describe('How many those may be at most'),
  }),
  key: z
    .object({ month_cap: count.nullable(), used: count })
    .nullable()
    .describe('Of the key itself; null for one that is not counted apart'),
})
export type LimitsAnswer = z.infer<typeof limitsAnswer>

const sums = {
  requests: count,
  failed: count.describe('Of the requests those that were refused or failed'),
  credits: count,
}

/** What was used, of an hour, a key or a route, as it was asked for; what it was not asked by is null. */
export const usageRow = z.object({
  hour_us: z.int().nullable().describe('Where the hour begins'),
  key: z.string().nullable(),
  route: z.string().nullable(),
  ...sums,
})
export type WireUsageRow = z.infer<typeof usageRow>

/** `GET /v1/usage`. */
export const usageAnswer = z.object({
  from_ts: rfc3339,
  to_ts: rfc3339,
  total: z.object(sums),
  rows: z.array(usageRow),
})
export type UsageAnswer = z.infer<typeof usageAnswer>
