import type { Micros } from './instant.ts'

/** How a caller may keep an answer: not at all, only after asking again by its ETag, or for an hour. */
export type Caching = 'none' | 'check' | 'hour'

/** A past younger than this (µs) may still be told differently a moment later. */
const SETTLED_US = 900_000_000

/** What `Cache-Control` says for each. A gap that is found later reaches everybody within the hour. */
export const CACHE_CONTROL: Readonly<Record<Caching, string>> = {
  none: 'private, no-store',
  check: 'private, no-cache',
  hour: 'private, max-age=3600',
}

/** How an answer may be kept that tells of nothing later than `until`. */
export function cachingOfPast(until: Micros, now: Micros): Caching {
  return until < now - SETTLED_US ? 'hour' : 'check'
}

/**
 * Whether a caller has the answer already.
 * @param ifNoneMatch the header as it came: `*` or entity tags; compared weakly, as RFC 9110 §13.1.2 asks
 */
export function sameTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag)
}
