import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { printInstant } from '#core/instant'
import type { Column } from '#core/wire/csv'
import {
  type SeriesAnswer,
  type SeriesRow,
  seriesAnswer,
  seriesRow,
} from '#core/wire/series-answer'
import { answerData } from '../answer.ts'
import { answerList } from '../answer-list.ts'
import { byKey } from '../by-key.ts'
import { type App, readMetadata } from '../context.ts'
import { listAnswers, objectAnswers } from '../describe-read.ts'
import { noSuch } from '../no-such.ts'
import { listParams, noParams, seriesParam, textParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { findSeries, listSeries, type Series } from '../store/series.ts'

const ABOUT = {
  ticker: 'KXFEDDECISION',
  title: 'Fed meeting',
  category: 'Economics',
  categories: ['Economics'],
  frequency: 'custom',
  tags: ['Fed', 'Interest rates'],
  fee_type: 'quadratic',
  fee_multiplier: '1',
}
const ROW_EXAMPLE: SeriesRow = { ...ABOUT, updated_us: 1795345898131376 }
const EXAMPLE: SeriesAnswer = {
  ...ABOUT,
  settlement_sources: [{ name: 'Federal Reserve', url: 'https://www.federalreserve.gov' }],
  contract_url: 'https://example.com/contract.pdf',
  contract_terms_url: 'https://example.com/terms.pdf',
  additional_prohibitions: ['Employees of the source'],
  product_metadata: null,
  exchange_index: 0,
  updated_ts: '2026-11-22T09:11:38.131376Z',
}

const COLUMNS: readonly Column<SeriesRow>[] = [
  ['ticker', (series) => series.ticker],
  ['title', (series) => series.title],
  ['category', (series) => series.category],
  ['categories', (series) => series.categories?.join(', ') ?? null],
  ['frequency', (series) => series.frequency],
  ['tags', (series) => series.tags?.join(', ') ?? null],
  ['fee_type', (series) => series.fee_type],
  ['fee_multiplier', (series) => series.fee_multiplier],
  ['updated_us', (series) => series.updated_us],
]

const MOST_CATEGORY = 64

const listRoute = createRoute({
  method: 'get',
  path: '/v1/series',
  tags: ['Metadata'],
  summary: 'Series, by ticker',
  ...scoped('live', 'history'),
  request: {
    query: z.strictObject({
      category: textParam(MOST_CATEGORY, 'One of their categories', 'Economics').optional(),
      ...listParams,
    }),
  },
  responses: listAnswers('Series, fees included', seriesRow, ROW_EXAMPLE, [], { columns: COLUMNS }),
})

const route = createRoute({
  method: 'get',
  path: '/v1/series/{series}',
  tags: ['Metadata'],
  summary: 'Everything known of one series',
  ...scoped('live', 'history'),
  request: { params: seriesParam, query: noParams },
  responses: objectAnswers('The series', seriesAnswer, EXAMPLE, ['not_found']),
})

/** `GET /v1/series` and `GET /v1/series/{series}`. */
export function addSeries(app: OpenAPIHono<App>): void {
  app.openapi(listRoute, (c) => {
    const { cursor, limit, order, category } = c.req.valid('query')
    const position = ({ ticker }: Series) => [ticker]
    return answerList(c, {
      route: listRoute.path,
      params: { category, order },
      cost: 'page',
      asked: { cursor, limit },
      wire: (series: Series): SeriesRow => ({
        ...printAbout(series),
        updated_us: series.updated,
      }),
      position,
      columns: COLUMNS,
      open: async (sql, start) => {
        const batches = byKey(start, {
          position,
          read: async (place, most) => {
            const rows = await listSeries(sql, { category, order, after: place?.[0], limit: most })
            return { rows, throughUs: null }
          },
        })
        return { ok: true, range: null, batches }
      },
    })
  })
  app.openapi(route, async (c) => {
    const { series: ticker } = c.req.valid('param')
    const series = await readMetadata(c, (sql) => findSeries(sql, ticker))
    if (series === null) return refuse(c, noSuch('series', ticker))
    return answerData(c, printSeries(series), { caching: 'check', credits: 1 })
  })
}

function printSeries(series: Series): SeriesAnswer {
  return {
    ...printAbout(series),
    settlement_sources: series.settlementSources,
    contract_url: series.contractUrl,
    contract_terms_url: series.contractTermsUrl,
    additional_prohibitions: series.additionalProhibitions,
    product_metadata: series.productMetadata,
    exchange_index: series.exchangeIndex,
    updated_ts: printInstant(series.updated),
  }
}

function printAbout(series: Series) {
  return {
    ticker: series.ticker,
    title: series.title,
    category: series.category,
    categories: texts(series.categories),
    frequency: series.frequency,
    tags: texts(series.tags),
    fee_type: series.fees.type,
    fee_multiplier: series.fees.multiplier,
  }
}

/** The texts of a list as the exchange put it; null for anything else. */
function texts(list: unknown): string[] | null {
  return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : null
}
