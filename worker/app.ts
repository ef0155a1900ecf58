import { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from './context.ts'
import { DatabaseAwayError } from './database.ts'
import { logFault } from './log-fault.ts'
import { authenticate } from './middleware/authenticate.ts'
import { cors } from './middleware/cors.ts'
import { onlyGet } from './middleware/only-get.ts'
import { requestId } from './middleware/request-id.ts'
import { paramFault } from './param-fault.ts'
import { refuse } from './refuse.ts'
import { addDeltas } from './routes/deltas.ts'
import { addFeed } from './routes/feed.ts'
import { addGaps } from './routes/gaps.ts'
import { addMarket } from './routes/market.ts'
import { addMarkets } from './routes/markets.ts'
import { addOrderbook } from './routes/orderbook.ts'
import { addStatus } from './routes/status.ts'
import { addStream } from './routes/stream.ts'

/** Every address that there is; on each of them only GET is answered. */
const PATHS = [
  '/v1/status',
  '/v1/markets',
  '/v1/markets/:ticker',
  '/v1/markets/:ticker/orderbook',
  '/v1/markets/:ticker/deltas',
  '/v1/markets/:ticker/gaps',
  '/v1/markets/:ticker/stream',
  '/internal/feed/:shard',
]

/** The route table. */
export function makeApp(): OpenAPIHono<App> {
  const app = new OpenAPIHono<App>({
    defaultHook: (result, c) => {
      if (!result.success) return refuse(c, paramFault(result.error.issues))
    },
  })
  app.use('*', requestId)
  app.use('/v1/*', cors, authenticate)
  for (const path of PATHS) app.use(path, onlyGet)

  addStatus(app)
  addMarkets(app)
  addMarket(app)
  addOrderbook(app)
  addDeltas(app)
  addGaps(app)
  addStream(app)
  addFeed(app)

  app.notFound((c) => refuse(c, { code: 'not_found', message: 'there is nothing at this address' }))
  app.onError((error, c) => {
    if (error instanceof DatabaseAwayError) {
      return refuse(c, { code: 'upstream_degraded', message: 'the record cannot be read now' })
    }
    if (isPassing(error)) {
      return refuse(c, { code: 'upstream_degraded', message: 'an object of ours is restarting' })
    }
    logFault(error, c.get('requestId'))
    return refuse(c, { code: 'internal', message: 'this is our fault' })
  })
  return app
}

/**
 * Whether another try may succeed: an object was moved, restarted or has too much to do.
 * https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
 */
function isPassing(error: Error): boolean {
  const { retryable, overloaded } = error as { retryable?: unknown; overloaded?: unknown }
  return retryable === true || overloaded === true
}
