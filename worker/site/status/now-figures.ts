import type { z } from 'zod'
import type { statusAnswer } from '#core/wire/market-answer'
import { printCount } from '../print-count.ts'
import { printAge } from './print-figures.ts'

/** What `GET /v1/status` answers. */
export type Status = z.infer<typeof statusAnswer>

/** What the feed's word means. */
export const FEED_SENTENCES: Readonly<Record<Status['feed'], string>> = {
  healthy: 'The feed is healthy.',
  degraded: 'The feed is degraded: some books may be stale.',
  down: 'The feed is down: no live books. The record answers about the past.',
}

/** The figures of the page, as people read them. What a feed that is down said last is not so now. */
export function nowFigures({ feed, record, ...beat }: Status) {
  const fresh = <Value>(value: Value | null) => (feed === 'down' ? null : value)
  return {
    age: printAge(beat.upstream_age_ms),
    p50: printAge(fresh(beat.lag_p50_ms)),
    p99: printAge(fresh(beat.lag_p99_ms)),
    stale: printCount(fresh(beat.stale_books)),
    watermark: printAge(record?.watermark_lag_ms ?? null),
    gaps: printCount(record?.open_gaps ?? null),
  }
}
