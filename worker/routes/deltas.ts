import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ApiError } from '#core/api-error'
import {
  type WireLoggedRecord,
  type WireRecord,
  wireLoggedRecord,
  wireRecord,
} from '#core/wire/record'
import { RECORD_COLUMNS } from '#core/wire/record-csv'
import { bookMessage } from '#core/wire/stream'
import type { App } from '../context.ts'
import { listAnswers } from '../describe-read.ts'
import { LAYOUTS } from '../log-layout.ts'
import { answerLog, type Found, LOGGED_COLUMNS } from '../log-list.ts'
import { noSuch } from '../no-such.ts'
import {
  eventParam,
  listParams,
  rangeParams,
  seqParam,
  tickerParam,
  tickersParam,
  wordOrFirst,
} from '../params.ts'
import { scoped } from '../scoped.ts'
import { findEventMarkets, findMarkets, type NamedMarket } from '../store/named-markets.ts'

/** An event of more markets is not read at one time. */
const MOST_MARKETS = 500

const EXAMPLE: WireRecord = {
  type: 'delta',
  seq: 33547989549057,
  side: 'yes',
  price: '0.4200',
  change: '-300.00',
  size: '900.00',
  event_us: 1795345898213000,
  recv_us: 1795345898231877,
}
const LOGGED_EXAMPLE: WireLoggedRecord = { market: 'KXBTCD-26NOV2217-T95000', ...EXAMPLE }

const query = {
  ...rangeParams,
  ...listParams,
  layout: wordOrFirst(
    LAYOUTS,
    'stream (NDJSON): the messages of a websocket, first how each book stands at from, so that a client of the stream can read them. tardis (CSV): as incremental_book_L2 files. In both a gap is told where it begins as known now, and what was recorded inside it before it was found is left out; in tardis it takes every level away',
  ),
}
const shared = { method: 'get' as const, tags: ['The record'], ...scoped('history') }
const MERGED = 'merged in the order of (recv_us, market, seq)'

const route = createRoute({
  ...shared,
  path: '/v1/markets/{ticker}/deltas',
  summary: 'A market’s log',
  request: {
    params: tickerParam,
    query: z.strictObject({ ...query, after_seq: seqParam.optional() }),
  },
  responses: listAnswers(
    'The records of the log in the order of seq: snapshots, deltas, gaps and its end',
    wireRecord,
    EXAMPLE,
    ['not_found', 'range_not_covered', 'range_too_large'],
    { lines: bookMessage, columns: RECORD_COLUMNS },
  ),
})

const eventRoute = createRoute({
  ...shared,
  path: '/v1/events/{event}/deltas',
  summary: 'The logs of all markets of an event',
  request: { params: eventParam, query: z.strictObject(query) },
  responses: listAnswers(
    `The records of all markets of the event, ${MERGED}; of an event of up to ${MOST_MARKETS} markets`,
    wireLoggedRecord,
    LOGGED_EXAMPLE,
    ['not_found', 'range_not_covered', 'range_too_large'],
    { lines: bookMessage, columns: LOGGED_COLUMNS },
  ),
})

const tickersRoute = createRoute({
  ...shared,
  path: '/v1/deltas',
  summary: 'The logs of several markets',
  request: { query: z.strictObject({ ...query, tickers: tickersParam }) },
  responses: listAnswers(
    `The records of these markets, ${MERGED}`,
    wireLoggedRecord,
    LOGGED_EXAMPLE,
    ['not_found', 'range_not_covered', 'range_too_large'],
    { lines: bookMessage, columns: LOGGED_COLUMNS },
  ),
})

/** `GET /v1/markets/{ticker}/deltas`, `/v1/events/{event}/deltas` and `/v1/deltas`. */
export function addDeltas(app: OpenAPIHono<App>): void {
  app.openapi(route, (c) => {
    const { ticker } = c.req.valid('param')
    const { cursor, limit, after_seq, ...asked } = c.req.valid('query')
    return answerLog(c, {
      route: route.path,
      params: { ticker, after_seq, ...asked },
      page: { cursor, limit },
      asked: { ...asked, afterSeq: after_seq },
      named: false,
      markets: async (sql) => allOf([ticker], await findMarkets(sql, [ticker])),
    })
  })
  app.openapi(eventRoute, (c) => {
    const { event } = c.req.valid('param')
    const { cursor, limit, ...asked } = c.req.valid('query')
    return answerLog(c, {
      route: eventRoute.path,
      params: { event, ...asked },
      page: { cursor, limit },
      asked,
      named: true,
      markets: async (sql) => someOf(event, await findEventMarkets(sql, event, MOST_MARKETS + 1)),
    })
  })
  app.openapi(tickersRoute, (c) => {
    const { cursor, limit, tickers, ...asked } = c.req.valid('query')
    return answerLog(c, {
      route: tickersRoute.path,
      params: { tickers: tickers.toSorted().join(), ...asked },
      page: { cursor, limit },
      asked,
      named: true,
      markets: async (sql) => allOf(tickers, await findMarkets(sql, tickers)),
    })
  })
}

function allOf(tickers: readonly string[], markets: readonly NamedMarket[]): Found {
  const unknown = tickers.find((ticker) => !markets.some((market) => market.ticker === ticker))
  return unknown === undefined
    ? { ok: true, markets }
    : { ok: false, error: noSuch('market', unknown) }
}

function someOf(event: string, markets: readonly NamedMarket[] | null): Found {
  if (markets === null) return { ok: false, error: noSuch('event', event) }
  if (markets.length <= MOST_MARKETS) return { ok: true, markets }
  const message = `has more than ${MOST_MARKETS} markets; ask for some of them by tickers`
  const error: ApiError = { code: 'range_too_large', param: 'event', message }
  return { ok: false, error }
}
