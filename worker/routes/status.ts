import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { statusAnswer } from '#core/wire/market-answer'
import { answerData } from '../answer.ts'
import type { App } from '../context.ts'
import { OPEN, openAnswers } from '../describe-read.ts'
import { noParams } from '../params.ts'
import { keptStatus } from '../status/kept-status.ts'
import type { Status } from '../status/read-status.ts'

const EXAMPLE: Status = {
  feed: 'healthy',
  upstream_age_ms: 120,
  lag_p50_ms: 1.2,
  lag_p99_ms: 6.8,
  stale_books: 0,
  shards: [{ shard: 0, feed: 'healthy', beat_age_ms: 340, watched: 12 }],
  record: {
    through_ts: '2026-11-22T09:30:00.250000Z',
    watermark_lag_ms: 180,
    epoch: 7812,
    markets: 5210,
    open_gaps: 0,
  },
  server_ts: '2026-11-22T09:30:00.430000Z',
}

const route = createRoute({
  method: 'get',
  path: '/v1/status',
  tags: ['Service'],
  summary: 'How the feed and the record do; no key is needed',
  security: OPEN,
  request: { query: noParams },
  responses: openAnswers('The status, also while parts of us are away', statusAnswer, EXAMPLE),
})

/** `GET /v1/status`. */
export function addStatus(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    return answerData(c, await keptStatus(c), { caching: 'none', credits: 0 })
  })
}
