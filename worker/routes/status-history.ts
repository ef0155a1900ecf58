import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type StatusHistory, statusHistoryAnswer } from '#core/wire/status-history-answer'
import { answerData } from '../answer.ts'
import type { App } from '../context.ts'
import { OPEN, openAnswers } from '../describe-read.ts'
import { refusalsOf } from '../describe-refusal.ts'
import { daysParam } from '../params.ts'
import { STATUS_DAYS } from '../status/history-days.ts'
import { tellHistory } from '../status/read-history.ts'

const EXAMPLE: StatusHistory = {
  from_ts: '2026-11-21T10:00:00.000000Z',
  to_ts: '2026-11-22T09:30:00.430000Z',
  sampled_from_ts: '2026-09-01T00:00:00.000000Z',
  hours: [
    {
      hour_ts: '2026-11-22T08:00:00.000000Z',
      minutes: { healthy: 57, degraded: 1, down: 2, unknown: 0 },
      lag_p50_ms: 1.2,
      lag_p99_ms: 9.4,
      watermark_lag_ms: 640,
      stale_books: 5210,
    },
  ],
  incidents: [
    {
      state: 'down',
      from_ts: '2026-11-22T08:14:00.000000Z',
      to_ts: '2026-11-22T08:17:00.000000Z',
      minutes: { healthy: 0, degraded: 1, down: 2, unknown: 0 },
    },
  ],
  gaps: [
    {
      cause: 'cut',
      gaps: 5210,
      open: 0,
      from_ts: '2026-11-22T08:14:03.131376Z',
      to_ts: '2026-11-22T08:16:20.731376Z',
    },
  ],
  gaps_left_off: 0,
  coverage: [
    {
      day: '2026-11-22',
      markets: 5210,
      records: 41_802_113,
      deltas: 41_790_402,
      known_market_seconds: 176_997_230,
      gap_market_seconds: 714_770,
      gaps: { cut: 5210 },
      grade: 'C',
      through_ts: '2026-11-22T09:26:00.250000Z',
      counted_ts: '2026-11-22T09:26:00.000000Z',
    },
  ],
}

const route = createRoute({
  method: 'get',
  path: '/v1/status/history',
  tags: ['Service'],
  summary: 'How the feed and the record did, by hours and days; no key is needed',
  security: OPEN,
  request: { query: z.strictObject({ days: daysParam.optional() }) },
  responses: {
    ...openAnswers(
      'The last days, this hour included: the feed by hours and its incidents, the gaps of all markets, and what is held of each day',
      statusHistoryAnswer,
      EXAMPLE,
    ),
    ...refusalsOf(['upstream_degraded'], false),
  },
})

/** `GET /v1/status/history`. */
export function addStatusHistory(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { days = STATUS_DAYS } = c.req.valid('query')
    return answerData(c, await tellHistory(c, days), { caching: 'none', credits: 0 })
  })
}
