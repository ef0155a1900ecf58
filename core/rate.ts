import type { RateWord } from './admission.ts'
import type { Micros } from './instant.ts'
import { BURST_S } from './plan.ts'

/** A millionth of a request: at so many requests a second, exactly so many come back each microsecond. */
const WHOLE = 1_000_000

/** What is left of a rate: `level` millionths of a request at an instant. */
export type Bucket = { readonly level: number; readonly atUs: Micros }

/** A bucket that nobody has taken from. @param perS requests a second */
export function fullBucket(perS: number, atUs: Micros): Bucket {
  return { level: full(perS), atUs }
}

/** The bucket at a later instant; a clock that went back gives nothing, and is followed. */
export function refilled(bucket: Bucket, perS: number, nowUs: Micros): Bucket {
  // No longer than an empty one takes to be full, so that the product stays small.
  const elapsed = Math.min(Math.max(0, nowUs - bucket.atUs), BURST_S * WHOLE)
  return { level: Math.min(full(perS), bucket.level + elapsed * perS), atUs: nowUs }
}

/** The bucket without one request; null when it holds less than one. It must have been refilled. */
export function taken(bucket: Bucket): Bucket | null {
  return bucket.level < WHOLE ? null : { ...bucket, level: bucket.level - WHOLE }
}

/** How long (ms) until one request may come, if no other does. */
export function retryAfterMs({ level }: Bucket, perS: number): number {
  return Math.ceil(Math.max(0, WHOLE - level) / perS / 1000)
}

/** How a rate stands. */
export function rateWord({ level }: Bucket, perS: number): RateWord {
  return {
    perS,
    burst: BURST_S * perS,
    remaining: Math.floor(level / WHOLE),
    resetMs: Math.ceil((full(perS) - level) / perS / 1000),
  }
}

function full(perS: number): number {
  return BURST_S * perS * WHOLE
}
