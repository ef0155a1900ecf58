import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import { notAhead } from '#core/asked-instant'
import { cachingOfPast } from '#core/caching'
import { bookCredits } from '#core/credit'
import type { Micros } from '#core/instant'
import { answerLive, type LiveKnowledge } from '#core/live-answer'
import { tradingIsOver } from '#core/market-status'
import type { PastAnswer, PastPoint, Showing } from '#core/past-book'
import { type BookAnswer, bookAnswer } from '#core/wire/book-answer'
import { answerData, type Terms } from '../answer.ts'
import { type App, readMarketData } from '../context.ts'
import { objectAnswers } from '../describe-read.ts'
import { marketStub } from '../live/stubs.ts'
import { nowUs } from '../now.ts'
import { depthParam, instantParam, seqParam, tickerParam, wordParam } from '../params.ts'
import { readPastBook } from '../past-book.ts'
import { refuse } from '../refuse.ts'
import { findMarket, type Market } from '../store/markets.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/orderbook',
  summary: 'A market’s order book now, at an instant, or after a record',
  request: {
    params: tickerParam,
    query: z.strictObject({
      at: instantParam.optional(),
      at_seq: seqParam.optional(),
      depth: depthParam.optional(),
      view: wordParam(['yes', 'native']).default('yes'),
      stale: wordParam(['allow']).optional(),
    }),
  },
  responses: objectAnswers('The book, or that nobody knows it', bookAnswer, {}, [
    'not_found',
    'range_not_covered',
  ]),
})

/** `GET /v1/markets/{ticker}/orderbook`. */
export function addOrderbook(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { ticker } = c.req.valid('param')
    const { at, at_seq, depth, view, stale } = c.req.valid('query')
    if (at !== undefined && at_seq !== undefined) {
      const message = 'cannot be given together with at'
      return refuse(c, { code: 'invalid_param', param: 'at_seq', message })
    }
    const asked = at === undefined ? null : notAhead(at, 'at', nowUs())
    if (asked !== null && !asked.ok) return refuse(c, asked.error)
    const point: PastPoint | null =
      asked !== null
        ? { kind: 'at', us: asked.at }
        : at_seq !== undefined
          ? { kind: 'seq', seq: at_seq }
          : null
    const found = await readMarketData(c, async (sql) => {
      const market = await findMarket(sql, ticker)
      if (market === null) return null
      const showing = showingOf(market, view, depth)
      const over = tradingIsOver(market.status)
      const stored = point ?? (over ? { kind: 'last' as const, now: nowUs(), over } : null)
      const past = stored && (await readPastBook(sql, market.id, stored, showing))
      return { market, showing, past }
    })
    if (found === null) {
      return refuse(c, { code: 'not_found', message: `there is no market ${ticker}` })
    }
    const answer = found.past ?? (await liveBook(c, found.market, found.showing, stale === 'allow'))
    return answer.kind === 'answer'
      ? answerData(c, answer.answer, termsOf(answer.answer, asked?.at))
      : refuse(c, answer.error)
  })
}

/** Failures, unknown and stale books cost nothing; only a known past may be kept. */
function termsOf({ status }: BookAnswer, at: Micros | undefined): Terms {
  if (status === 'unknown' || status === 'stale') return { caching: 'none', credits: 0 }
  const caching = at === undefined ? 'none' : cachingOfPast(at, nowUs())
  return { caching, credits: bookCredits(1) }
}

/** The book from its live object, or from the record while that knows nothing. */
async function liveBook(
  c: Context<App>,
  market: Market,
  showing: Showing,
  allowStale: boolean,
): Promise<PastAnswer> {
  // The types of RPC make tuples arrays; what comes is what the object gave.
  const known = (await marketStub(c.env, market.ticker).book()) as LiveKnowledge
  const answer =
    answerLive(known, showing, nowUs()) ??
    (await readMarketData(c, (sql) =>
      readPastBook(sql, market.id, { kind: 'last', now: nowUs(), over: false }, showing),
    ))
  if (answer.kind !== 'answer') return { kind: 'refused', error: NOBODY_KNOWS }
  return answer.answer.status === 'stale' && !allowStale
    ? { kind: 'refused', error: STALE }
    : answer
}

const STALE: ApiError = {
  code: 'upstream_degraded',
  message: 'nobody confirms this book now; stale=allow answers the last one known',
}
const NOBODY_KNOWS: ApiError = {
  code: 'upstream_degraded',
  message: 'the feed has not brought this book yet',
}

function showingOf(market: Market, view: 'yes' | 'native', depth: number | undefined): Showing {
  return {
    ticker: market.ticker,
    event: market.event,
    marketStatus: market.status,
    view,
    depth,
  }
}
