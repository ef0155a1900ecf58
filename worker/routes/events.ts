import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { printInstant } from '#core/instant'
import type { Column } from '#core/wire/csv'
import { type EventAnswer, type EventRow, eventAnswer, eventRow } from '#core/wire/event-answer'
import { answerData } from '../answer.ts'
import { answerList } from '../answer-list.ts'
import { byKey } from '../by-key.ts'
import { type App, readMetadata } from '../context.ts'
import { listAnswers, objectAnswers } from '../describe-read.ts'
import { noSuch } from '../no-such.ts'
import { eventParam, listParams, noParams, tickerOf } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { type Event, findEvent, listEvents } from '../store/events.ts'

const ABOUT = {
  ticker: 'KXFEDDECISION-26DEC',
  series: 'KXFEDDECISION',
  title: 'Fed decision in December?',
  sub_title: 'On Dec 9, 2026',
  category: 'Economics',
  mutually_exclusive: true,
  collateral_return_type: 'MECNET',
}
const FEES = {
  fees: { fee_type: 'quadratic', fee_multiplier: '0.5' },
  fee_type_override: null,
  fee_multiplier_override: '0.5',
}
const ROW_EXAMPLE: EventRow = {
  ...ABOUT,
  strike_us: 1796842800000000,
  strike_period: null,
  ...FEES,
  updated_us: 1795345898131376,
}
const EXAMPLE: EventAnswer = {
  ...ABOUT,
  strike_ts: '2026-12-09T19:00:00.000000Z',
  strike_period: null,
  ...FEES,
  settlement_sources: [{ name: 'Federal Reserve', url: 'https://www.federalreserve.gov' }],
  product_metadata: null,
  exchange_index: 0,
  updated_ts: '2026-11-22T09:11:38.131376Z',
}

const COLUMNS: readonly Column<EventRow>[] = [
  ['ticker', (event) => event.ticker],
  ['series', (event) => event.series],
  ['title', (event) => event.title],
  ['sub_title', (event) => event.sub_title],
  ['category', (event) => event.category],
  ['mutually_exclusive', (event) => event.mutually_exclusive],
  ['collateral_return_type', (event) => event.collateral_return_type],
  ['strike_us', (event) => event.strike_us],
  ['strike_period', (event) => event.strike_period],
  ['fee_type', (event) => event.fees.fee_type],
  ['fee_multiplier', (event) => event.fees.fee_multiplier],
  ['fee_type_override', (event) => event.fee_type_override],
  ['fee_multiplier_override', (event) => event.fee_multiplier_override],
  ['updated_us', (event) => event.updated_us],
]

const listRoute = createRoute({
  method: 'get',
  path: '/v1/events',
  tags: ['Metadata'],
  summary: 'Events, by ticker',
  ...scoped('live', 'history'),
  request: {
    query: z.strictObject({ series: tickerOf('series').optional(), ...listParams }),
  },
  responses: listAnswers('Events, fees included', eventRow, ROW_EXAMPLE, [], { columns: COLUMNS }),
})

const route = createRoute({
  method: 'get',
  path: '/v1/events/{event}',
  tags: ['Metadata'],
  summary: 'Everything known of one event',
  ...scoped('live', 'history'),
  request: { params: eventParam, query: noParams },
  responses: objectAnswers('The event', eventAnswer, EXAMPLE, ['not_found']),
})

/** `GET /v1/events` and `GET /v1/events/{event}`. */
export function addEvents(app: OpenAPIHono<App>): void {
  app.openapi(listRoute, (c) => {
    const { cursor, limit, order, series } = c.req.valid('query')
    const position = ({ ticker }: Event) => [ticker]
    return answerList(c, {
      route: listRoute.path,
      params: { series, order },
      cost: 'page',
      asked: { cursor, limit },
      wire: printRow,
      position,
      columns: COLUMNS,
      open: async (sql, start) => {
        const batches = byKey(start, {
          position,
          read: async (place, most) => {
            const rows = await listEvents(sql, { series, order, after: place?.[0], limit: most })
            return { rows, throughUs: null }
          },
        })
        return { ok: true, range: null, batches }
      },
    })
  })
  app.openapi(route, async (c) => {
    const { event: ticker } = c.req.valid('param')
    const event = await readMetadata(c, (sql) => findEvent(sql, ticker))
    if (event === null) return refuse(c, noSuch('event', ticker))
    return answerData(c, printEvent(event), { caching: 'check', credits: 1 })
  })
}

function printRow(event: Event): EventRow {
  return {
    ...printAbout(event),
    strike_us: event.strike,
    strike_period: event.strikePeriod,
    ...printFees(event),
    updated_us: event.updated,
  }
}

function printEvent(event: Event): EventAnswer {
  return {
    ...printAbout(event),
    strike_ts: event.strike === null ? null : printInstant(event.strike),
    strike_period: event.strikePeriod,
    ...printFees(event),
    settlement_sources: event.settlementSources,
    product_metadata: event.productMetadata,
    exchange_index: event.exchangeIndex,
    updated_ts: printInstant(event.updated),
  }
}

function printAbout(event: Event) {
  return {
    ticker: event.ticker,
    series: event.series,
    title: event.title,
    sub_title: event.subTitle,
    category: event.category,
    mutually_exclusive: event.mutuallyExclusive,
    collateral_return_type: event.collateralReturnType,
  }
}

function printFees({ fees, feeOverride }: Event) {
  return {
    fees: { fee_type: fees.type, fee_multiplier: fees.multiplier },
    fee_type_override: feeOverride.type,
    fee_multiplier_override: feeOverride.multiplier,
  }
}
