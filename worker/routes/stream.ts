import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type App, readMarketData } from '../context.ts'
import { STREAM_HEADERS } from '../live/market-book.ts'
import { marketStub } from '../live/stubs.ts'
import { noParams, tickerParam } from '../params.ts'
import { REFUSAL, refuse } from '../refuse.ts'
import { findMarket } from '../store/markets.ts'
import { handOn, refusePlain } from '../upgrade.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/stream',
  summary: 'One market’s log as it grows, over a websocket',
  request: { params: tickerParam, query: noParams },
  responses: { 101: { description: 'A websocket' }, default: REFUSAL },
})

/** `GET /v1/markets/{ticker}/stream`, upgraded. */
export function addStream(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const plain = refusePlain(c)
    if (plain !== null) return plain
    const { ticker } = c.req.valid('param')
    const market = await readMarketData(c, (sql) => findMarket(sql, ticker))
    if (market === null) {
      return refuse(c, { code: 'not_found', message: `there is no market ${ticker}` })
    }
    return handOn(c, marketStub(c.env, market.ticker), {
      [STREAM_HEADERS.plan]: c.get('caller').plan,
      [STREAM_HEADERS.marketStatus]: market.status,
    })
  })
}
