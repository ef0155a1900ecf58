import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../context.ts'
import { headersOf, refusalsOf } from '../describe-refusal.ts'
import { settingsOf } from '../env.ts'
import { boundsOf } from '../keys/bound-visitors.ts'
import { handOnLeased } from '../leased-upgrade.ts'
import { printBounds } from '../live/stream-lease.ts'
import { gatewayStub } from '../live/stubs.ts'
import { noParams } from '../params.ts'
import { refuse } from '../refuse.ts'
import { SCOPED_STREAM } from '../scoped.ts'
import { refusePlain } from '../upgrade.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/stream',
  tags: ['Books'],
  summary: 'Any number of markets as their logs grow, over one websocket',
  description:
    'Upgrade to a websocket; then send {"op":"subscribe","id":1,"channels":["book"],"markets":["…"]}, or events, series or all. What comes is an image of each book and every record after it, or every record after the ones that `resume` names.',
  ...SCOPED_STREAM,
  request: { query: noParams },
  responses: {
    101: { description: 'A websocket of JSON messages', headers: headersOf('X-Request-Id') },
    ...refusalsOf([]),
  },
})

/** `GET /v1/stream`, upgraded. */
export function addGatewayStream(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const plain = refusePlain(c)
    if (plain !== null) return plain
    if (settingsOf(c.env).FEED_SHARDS === null) {
      return refuse(c, { code: 'upstream_degraded', message: 'no feed is configured' })
    }
    const bounds = printBounds(await boundsOf(c))
    return handOnLeased(c, gatewayStub(c.env, c.get('caller').accountId), bounds, null)
  })
}
