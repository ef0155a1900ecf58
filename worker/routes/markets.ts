import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Column } from '#core/wire/csv'
import { type MarketRow, marketRow } from '#core/wire/market-answer'
import { answerList } from '../answer-list.ts'
import { byKey } from '../by-key.ts'
import type { App } from '../context.ts'
import { listAnswers } from '../describe-read.ts'
import { cursorParam, limitParam, statusParam, textParam, tickerOf, wordParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { type FoundMarket, searchMarkets } from '../store/market-search.ts'
import { type ListedMarket, listMarkets } from '../store/markets.ts'

const EXAMPLE: MarketRow = {
  ticker: 'KXFEDDECISION-26DEC-C25',
  event: 'KXFEDDECISION-26DEC',
  series: 'KXFEDDECISION',
  title: 'Will the Federal Reserve cut rates by 25bps at their December 2026 meeting?',
  yes_sub_title: 'Cut 25bps',
  no_sub_title: 'Cut 25bps',
  market_type: 'binary',
  market_status: 'active',
  open_us: 1735743600000000,
  close_us: 1796842500000000,
  result: null,
  updated_us: 1795345898131376,
  covered: { from_us: 1795345898131376, through_us: 1795345999631376 },
}

const COLUMNS: readonly Column<MarketRow>[] = [
  ['ticker', (market) => market.ticker],
  ['event', (market) => market.event],
  ['series', (market) => market.series],
  ['title', (market) => market.title],
  ['yes_sub_title', (market) => market.yes_sub_title],
  ['no_sub_title', (market) => market.no_sub_title],
  ['market_type', (market) => market.market_type],
  ['market_status', (market) => market.market_status],
  ['open_us', (market) => market.open_us],
  ['close_us', (market) => market.close_us],
  ['result', (market) => market.result],
  ['updated_us', (market) => market.updated_us],
  ['covered_from_us', (market) => market.covered.from_us],
  ['covered_through_us', (market) => market.covered.through_us],
]

const MOST_TYPED = 200

const route = createRoute({
  method: 'get',
  path: '/v1/markets',
  tags: ['Metadata'],
  summary: 'Markets by ticker, or the best for some words',
  ...scoped('live', 'history'),
  request: {
    query: z.strictObject({
      q: textParam(
        MOST_TYPED,
        'Words to be found in titles, tickers, dates, kinds; the last may be the beginning of one. The best markets come first, those that still trade before all others',
        'fed rate december',
      ).optional(),
      status: statusParam.optional(),
      series: tickerOf('series').optional(),
      event: tickerOf('event').optional(),
      cursor: cursorParam.optional(),
      limit: limitParam.optional(),
      order: wordParam(
        ['asc', 'desc'],
        'By ticker, asc when absent; what q finds is in an order of its own',
      ).optional(),
    }),
  },
  responses: listAnswers('Markets, each with what is recorded of it', marketRow, EXAMPLE, [], {
    columns: COLUMNS,
  }),
})

/** `GET /v1/markets`. */
export function addMarkets(app: OpenAPIHono<App>): void {
  app.openapi(route, (c) => {
    const { cursor, limit, q, order: givenOrder, ...filter } = c.req.valid('query')
    if (q !== undefined && givenOrder !== undefined) {
      const message = 'cannot be given together with q, which has the best first'
      return refuse(c, { code: 'invalid_param', param: 'order', message })
    }
    const order = givenOrder ?? 'asc'
    const list = {
      route: route.path,
      params: { ...filter, q, order },
      cost: 'page',
      asked: { cursor, limit },
      wire: printRow,
      columns: COLUMNS,
    } as const
    if (q === undefined) {
      const position = ({ ticker }: ListedMarket) => [ticker]
      return answerList(c, {
        ...list,
        position,
        open: async (sql, start) => {
          const batches = byKey(start, {
            position,
            read: (place, most) =>
              listMarkets(sql, { ...filter, order, after: place?.[0], limit: most }),
          })
          return { ok: true, range: null, batches }
        },
      })
    }
    const position = ({ rank, ticker }: FoundMarket) => [String(rank), ticker]
    return answerList<FoundMarket, MarketRow>(c, {
      ...list,
      position,
      open: async (sql, start) => {
        const batches = byKey(start, {
          position,
          read: (place, most) => {
            const [rank, ticker = ''] = place ?? []
            const after = rank === undefined ? undefined : { rank: Number(rank), ticker }
            return searchMarkets(sql, { ...filter, typed: q, after, limit: most })
          },
        })
        return { ok: true, range: null, batches }
      },
    })
  })
}

function printRow(market: ListedMarket): MarketRow {
  return {
    ticker: market.ticker,
    event: market.event,
    series: market.series,
    title: market.title,
    yes_sub_title: market.yesSubTitle,
    no_sub_title: market.noSubTitle,
    market_type: market.marketType,
    market_status: market.status,
    open_us: market.open,
    close_us: market.close,
    result: market.result,
    updated_us: market.updated,
    covered: { from_us: market.recordedFrom, through_us: market.recordedThrough },
  }
}
