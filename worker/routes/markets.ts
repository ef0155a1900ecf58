import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { printInstant } from '#core/instant'
import { pageOf } from '#core/wire/api'
import { marketSummaryAnswer } from '#core/wire/market-answer'
import { type App, readMarketData } from '../context.ts'
import { given } from '../given.ts'
import { openPage } from '../page.ts'
import { cursorParam, groupParam, limitParam, PAGE_ROWS, statusParam } from '../params.ts'
import { REFUSAL, refuse } from '../refuse.ts'
import { listMarkets, type MarketSummary } from '../store/markets.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/markets',
  summary: 'Markets, in the order of their tickers',
  request: {
    query: z.strictObject({
      status: statusParam.optional(),
      series: groupParam.optional(),
      event: groupParam.optional(),
      cursor: cursorParam.optional(),
      limit: limitParam.default(PAGE_ROWS),
    }),
  },
  responses: {
    200: {
      description: 'A page of markets',
      content: { 'application/json': { schema: pageOf(marketSummaryAnswer) } },
    },
    default: REFUSAL,
  },
})

/** `GET /v1/markets`. */
export function addMarkets(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { cursor, limit, ...filter } = c.req.valid('query')
    const page = await openPage(c, { route: route.path, params: filter }, cursor)
    if (!page.ok) return refuse(c, page.error)
    const [after] = page.position ?? []
    const wanted = { ...given({ ...filter, after }), limit: limit + 1 }
    const rows = await readMarketData(c, (sql) => listMarkets(sql, wanted))
    const shown = rows.slice(0, limit)
    const last = rows.length > limit ? shown.at(-1) : undefined
    return c.json(
      {
        data: shown.map(printMarketSummary),
        next_cursor: last === undefined ? null : await page.cursorAt([last.ticker]),
        meta: { request_id: c.get('requestId'), credits: 1, through_us: null },
      },
      200,
    )
  })
}

/** Prints what a list says of a market. */
export function printMarketSummary(market: MarketSummary): z.infer<typeof marketSummaryAnswer> {
  return {
    ticker: market.ticker,
    event: market.event,
    series: market.series,
    title: market.title,
    yes_sub_title: market.yesSubTitle,
    no_sub_title: market.noSubTitle,
    market_type: market.marketType,
    market_status: market.status,
    open_ts: market.open && printInstant(market.open),
    close_ts: market.close && printInstant(market.close),
    result: market.result,
  }
}
