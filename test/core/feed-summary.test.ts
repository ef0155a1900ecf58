import { expect, test } from 'vitest'
import { type ShardWord, summariseFeed } from '#core/feed-summary'

const shard = (age: number | null, p99: number | null, feed: 'healthy' | 'down'): ShardWord => ({
  feed,
  watched: 3,
  beat: {
    sent_us: 1,
    upstream_age_ms: age,
    lag_p50_ms: 1,
    lag_p99_ms: p99,
    stale: 2,
    gaps: 0,
    age_ms: 100,
  },
})

test('the summary is the worst of all shards', () => {
  expect(summariseFeed([shard(5, 9, 'healthy'), shard(50, 4, 'healthy')])).toEqual({
    feed: 'healthy',
    upstream_age_ms: 150,
    lag_p50_ms: 1,
    lag_p99_ms: 9,
    stale_books: 2,
  })
})

test('one shard down degrades the feed, all of them or none at all are down', () => {
  expect(summariseFeed([shard(5, 9, 'healthy'), null]).feed).toBe('degraded')
  expect(summariseFeed([shard(5, 9, 'down'), null]).feed).toBe('down')
  expect(summariseFeed([null])).toMatchObject({ feed: 'down', upstream_age_ms: null })
  expect(summariseFeed([]).feed).toBe('down')
})

test('what one shard does not know is not made up from the others', () => {
  const summary = summariseFeed([shard(null, 9, 'healthy'), shard(5, null, 'healthy')])
  expect(summary).toMatchObject({ upstream_age_ms: null, lag_p99_ms: null, lag_p50_ms: 1 })
})
