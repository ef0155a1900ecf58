// https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10

/** What is limited: an account's requests, or an address's tries with wrong keys. */
export type RatePolicy = 'plan' | 'address'

/** How a limit stands, as its header fields tell it; times in ms. */
export type RateState = {
  readonly policy: RatePolicy
  /** How many may come at once. */
  readonly most: number
  /** In so long all of them come back. */
  readonly windowMs: number
  readonly remaining: number
  /** After so long it is as if none had come. */
  readonly resetMs: number
}

/** `RateLimit-Policy`: so many in so many seconds. */
export function printRatePolicy({ policy, most, windowMs }: RateState): string {
  return `"${policy}";q=${most};w=${seconds(windowMs)}`
}

/** `RateLimit`: so many may still come now; the seconds until all may again. */
export function printRate({ policy, remaining, resetMs }: RateState): string {
  return `"${policy}";r=${Math.max(0, Math.floor(remaining))};t=${seconds(resetMs)}`
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000)
}
