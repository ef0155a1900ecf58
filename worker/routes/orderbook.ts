import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { notAhead } from '#core/asked-instant'
import { cachingOfPast } from '#core/caching'
import { BOOK_CREDITS } from '#core/credit'
import { parseInstant } from '#core/instant'
import type { PastPoint } from '#core/past-book'
import { isSure } from '#core/several-books'
import { type BookAnswer, bookAnswer } from '#core/wire/book-answer'
import { answerData, type Terms } from '../answer.ts'
import { BOOK_EXAMPLE } from '../book-example.ts'
import { type App, askMarketData } from '../context.ts'
import { objectAnswers } from '../describe-read.ts'
import { instantFault } from '../gate/history.ts'
import { readBooksNow } from '../live-books.ts'
import { noSuch } from '../no-such.ts'
import { nowUs } from '../now.ts'
import { depthParam, instantParam, seqParam, tickerParam, viewParam, wordParam } from '../params.ts'
import { readPastBooks } from '../past-book.ts'
import { refuse } from '../refuse.ts'
import { SCOPED_BY_INSTANT } from '../scoped.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/orderbook',
  tags: ['Books'],
  summary: 'A market’s order book now, at an instant, or after a record',
  ...SCOPED_BY_INSTANT,
  request: {
    params: tickerParam,
    query: z.strictObject({
      at: instantParam.optional(),
      at_seq: seqParam.optional(),
      depth: depthParam.optional(),
      view: viewParam,
      stale: wordParam(['allow'], 'Shows the last book known when nobody confirms it').optional(),
    }),
  },
  responses: objectAnswers('The book, or that nobody knows it', bookAnswer, BOOK_EXAMPLE, [
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
    const unread = asked === null ? null : await instantFault(c, asked.at, 'at')
    if (unread !== null) return refuse(c, unread)
    const point: PastPoint | null =
      asked !== null
        ? { kind: 'at', us: asked.at }
        : at_seq !== undefined
          ? { kind: 'seq', seq: at_seq }
          : null
    const [found] =
      point === null
        ? await readBooksNow(c, [ticker], { view, depth }, stale === 'allow')
        : await askMarketData(c, (ask) => readPastBooks(ask, [ticker], point, { view, depth }))
    if (found === undefined) return refuse(c, noSuch('market', ticker))
    const { book } = found
    if (!book.ok) return refuse(c, book.error)
    // When a record was is known only now.
    const whenUs = at_seq === undefined ? null : parseInstant(book.answer.at_ts)
    const tooOld = whenUs === null ? null : await instantFault(c, whenUs, 'at_seq')
    if (tooOld !== null) return refuse(c, tooOld)
    return answerData(c, book.answer, termsOf(book.answer, point !== null))
  })
}

/** Failures, unknown and stale books cost nothing; only a known past may be kept. */
function termsOf(answer: BookAnswer, past: boolean): Terms {
  if (!isSure(answer)) return { caching: 'none', credits: 0 }
  const at = past ? parseInstant(answer.at_ts) : null
  return {
    caching: at === null ? 'none' : cachingOfPast(at, nowUs()),
    credits: BOOK_CREDITS,
  }
}
