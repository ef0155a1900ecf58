import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type App, readMarketData } from '../context.ts'
import { headersOf, refusalsOf } from '../describe-refusal.ts'
import { handOnLeased } from '../leased-upgrade.ts'
import { printStanding } from '../live/standing.ts'
import { STREAM_HEADERS } from '../live/stream-headers.ts'
import { marketStub } from '../live/stubs.ts'
import { noParams, tickerParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { SCOPED_STREAM } from '../scoped.ts'
import { findStanding } from '../store/market-standing.ts'
import { refusePlain } from '../upgrade.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/stream',
  tags: ['Books'],
  summary: 'One market’s log as it grows, over a websocket',
  description:
    'Upgrade to a websocket; then send {"op":"subscribe","id":1,"channels":["book"]}. What comes is an image of the book and every record after it, or every record after the one that `resume` names.',
  ...SCOPED_STREAM,
  request: { params: tickerParam, query: noParams },
  responses: {
    101: { description: 'A websocket of JSON messages', headers: headersOf('X-Request-Id') },
    ...refusalsOf(['not_found']),
  },
})

/** `GET /v1/markets/{ticker}/stream`, upgraded. */
export function addStream(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const plain = refusePlain(c)
    if (plain !== null) return plain
    const { ticker } = c.req.valid('param')
    const market = await readMarketData(c, (sql) => findStanding(sql, ticker))
    if (market === null) {
      return refuse(c, { code: 'not_found', message: `there is no market ${ticker}` })
    }
    const standing = { [STREAM_HEADERS.standing]: printStanding(market.standing) }
    return handOnLeased(c, marketStub(c.env, market.ticker), standing, market.ticker)
  })
}
