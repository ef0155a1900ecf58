import { OpenAPIHono } from '@hono/zod-openapi'
import { answerDryRuns } from './answer-dry-run.ts'
import { addBilling } from './billing/billing-routes.ts'
import { addStripeWebhooks } from './billing/webhook-routes.ts'
import type { App } from './context.ts'
import { DatabaseAwayError } from './database.ts'
import { isPassing } from './is-passing.ts'
import { boundVisitors } from './keys/bound-visitors.ts'
import { logFault } from './log-fault.ts'
import { authenticate } from './middleware/authenticate.ts'
import { cors } from './middleware/cors.ts'
import { meter } from './middleware/meter.ts'
import { only } from './middleware/only.ts'
import { requestId } from './middleware/request-id.ts'
import { safeHeaders } from './middleware/safe-headers.ts'
import { paramFault } from './param-fault.ts'
import { addPeople } from './people/people-routes.ts'
import { refuse } from './refuse.ts'
import { addAccountKeys } from './routes/account-keys.ts'
import { addAccountPageKeys } from './routes/account-page-keys.ts'
import { addAccountRequests } from './routes/account-requests.ts'
import { addAsyncapi } from './routes/asyncapi.ts'
import { addBbo } from './routes/bbo.ts'
import { addCandles } from './routes/candles.ts'
import { addCoverage } from './routes/coverage.ts'
import { addDeltas } from './routes/deltas.ts'
import { addEventOrderbook } from './routes/event-orderbook.ts'
import { addEvents } from './routes/events.ts'
import { addFeed } from './routes/feed.ts'
import { addGaps } from './routes/gaps.ts'
import { addGatewayStream } from './routes/gateway-stream.ts'
import { addLifecycle } from './routes/lifecycle.ts'
import { addLimits } from './routes/limits.ts'
import { addMarket } from './routes/market.ts'
import { addMarkets } from './routes/markets.ts'
import { addOpenapi } from './routes/openapi.ts'
import { addOrderbook } from './routes/orderbook.ts'
import { addOrderbooks } from './routes/orderbooks.ts'
import { addSeries } from './routes/series.ts'
import { addSettlements } from './routes/settlements.ts'
import { addStatus } from './routes/status.ts'
import { addStatusHistory } from './routes/status-history.ts'
import { addStream } from './routes/stream.ts'
import { addStreamTickets } from './routes/stream-tickets.ts'
import { addTrades } from './routes/trades.ts'
import { addUsage } from './routes/usage.ts'
import { addVisitorKeys } from './routes/visitor-keys.ts'
import { addWhoami } from './routes/whoami.ts'
import { answerError } from './site/answer-error.tsx'
import { addSite } from './site/site.ts'

/** Every address that there is; on each of them only GET is answered, but where one is POSTED. */
const PATHS = [
  '/openapi.json',
  '/asyncapi.json',
  '/v1/status',
  '/v1/status/history',
  '/v1/markets',
  '/v1/markets/:ticker',
  '/v1/markets/:ticker/orderbook',
  '/v1/orderbooks',
  '/v1/markets/:ticker/bbo',
  '/v1/markets/:ticker/deltas',
  '/v1/events/:event/deltas',
  '/v1/deltas',
  '/v1/markets/:ticker/gaps',
  '/v1/markets/:ticker/trades',
  '/v1/markets/:ticker/candles',
  '/v1/markets/:ticker/lifecycle',
  '/v1/markets/:ticker/settlements',
  '/v1/markets/:ticker/coverage',
  '/v1/trades',
  '/v1/markets/:ticker/stream',
  '/v1/stream',
  '/v1/stream/tickets',
  '/v1/events',
  '/v1/events/:event',
  '/v1/events/:event/orderbook',
  '/v1/series',
  '/v1/series/:series',
  '/v1/whoami',
  '/v1/limits',
  '/v1/usage',
  '/internal/feed/:shard',
]

const POSTED: readonly string[] = ['/v1/stream/tickets']

/** What our own pages call. */
const OWN_PAGES = ['/auth/*', '/account/*', '/visitor-keys']

/** The route table. */
export function makeApp(): OpenAPIHono<App> {
  const app = new OpenAPIHono<App>({
    defaultHook: (result, c) => {
      if (!result.success) return refuse(c, paramFault(result.error.issues))
    },
  })
  app.use('*', requestId, (c, next) => {
    c.set('askOwn', async (request) => app.fetch(request, c.env, c.executionCtx))
    return next()
  })
  for (const path of OWN_PAGES) app.use(path, safeHeaders)
  app.use('/v1/*', cors, authenticate, meter, boundVisitors)
  answerDryRuns(app)
  for (const path of PATHS) app.use(path, only(POSTED.includes(path) ? 'POST' : 'GET'))

  addStatus(app)
  addStatusHistory(app)
  addMarkets(app)
  addMarket(app)
  addEvents(app)
  addSeries(app)
  addOrderbook(app)
  addOrderbooks(app)
  addEventOrderbook(app)
  addBbo(app)
  addDeltas(app)
  addGaps(app)
  addTrades(app)
  addCandles(app)
  addLifecycle(app)
  addSettlements(app)
  addCoverage(app)
  addStream(app)
  addGatewayStream(app)
  addStreamTickets(app)
  addWhoami(app)
  addLimits(app)
  addUsage(app)
  addOpenapi(app)
  addAsyncapi(app)
  addFeed(app)
  addPeople(app)
  addBilling(app)
  addStripeWebhooks(app)
  addAccountKeys(app)
  addAccountPageKeys(app)
  addAccountRequests(app)
  addVisitorKeys(app)
  addSite(app)

  app.notFound((c) =>
    answerError(c, { code: 'not_found', message: 'there is nothing at this address' }),
  )
  app.onError((error, c) => {
    if (error instanceof DatabaseAwayError) {
      return answerError(c, { code: 'upstream_degraded', message: 'the record cannot be read now' })
    }
    if (isPassing(error)) {
      return answerError(c, {
        code: 'upstream_degraded',
        message: 'an object of ours is restarting',
      })
    }
    logFault(error, c.get('requestId'))
    return answerError(c, { code: 'internal', message: 'this is our fault' })
  })
  return app
}
