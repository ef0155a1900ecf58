import type { BeatFacts, FeedWord } from './feed-health.ts'

/** What one shard says of its feed; null when it did not answer. */
export type ShardWord = {
  readonly feed: FeedWord
  readonly watched: number
  /** The last beat and its age, ms. */
  readonly beat: (BeatFacts & { readonly age_ms: number }) | null
} | null

/** The state of the feed over all shards: the worst of each. */
export type FeedSummary = {
  readonly feed: FeedWord
  readonly upstream_age_ms: number | null
  readonly lag_p50_ms: number | null
  readonly lag_p99_ms: number | null
  readonly stale_books: number | null
}

/** Sums up what the shards say; a shard that did not answer counts as down. */
export function summariseFeed(shards: readonly ShardWord[]): FeedSummary {
  const words = shards.map((shard) => shard?.feed ?? 'down')
  const beats = shards.flatMap((shard) => shard?.beat ?? [])
  const age = ({ upstream_age_ms, age_ms }: (typeof beats)[number]) =>
    upstream_age_ms === null ? null : upstream_age_ms + age_ms
  return {
    feed: words.every((word) => word === 'down')
      ? 'down'
      : words.every((word) => word === 'healthy')
        ? 'healthy'
        : 'degraded',
    upstream_age_ms: worst(beats.map(age)),
    lag_p50_ms: worst(beats.map((beat) => beat.lag_p50_ms)),
    lag_p99_ms: worst(beats.map((beat) => beat.lag_p99_ms)),
    stale_books: worst(beats.map((beat) => beat.stale)),
  }
}

/** The largest of them; null when one is not known, or there is none. */
function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 || known.length < values.length ? null : Math.max(...known)
}
