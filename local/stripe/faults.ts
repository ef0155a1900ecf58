import { z } from 'zod'

const chance = z.number().min(0).max(1).default(0)

/** How likely each sort of trouble is, of 1. */
export const faultPlan = z.strictObject({
  /** Answered 500, and not done. */
  failed: chance,
  /** Answered 500, and done. */
  failedDone: chance,
  /** No answer, and not done. */
  lostBefore: chance,
  /** No answer, and done. */
  lostAfter: chance,
  /** Done twice, as a request that comes twice is. */
  twice: chance,
  /** Answered 429. */
  limited: chance,
  /** Whether an answer 500 is kept for its idempotency key, and replayed. */
  kept: z.boolean().default(true),
  /** Of calls whose path begins so. */
  only: z.string().default(''),
  webhooks: z
    .strictObject({
      /** Each is sent after a while, ms, at random. */
      shuffleMs: z.number().min(0).default(0),
      double: chance,
      drop: chance,
      delayMs: z.number().min(0).default(0),
    })
    .prefault({}),
})
export type FaultPlan = z.infer<typeof faultPlan>

/** No trouble at all. */
export const NO_FAULTS: FaultPlan = faultPlan.parse({})

/** What one call meets. */
export const FAULTS = [
  'failed',
  'failedDone',
  'lostBefore',
  'lostAfter',
  'twice',
  'limited',
] as const
export type Fault = (typeof FAULTS)[number]

/** What a call meets; null for no trouble. @param random in [0, 1) */
export function faultFor(plan: FaultPlan, path: string, random: number): Fault | null {
  if (!path.startsWith(plan.only)) return null
  let left = random
  for (const fault of FAULTS) {
    left -= plan[fault]
    if (left < 0) return fault
  }
  return null
}
