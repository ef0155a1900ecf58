import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ApiError } from '#core/api-error'
import { notAhead } from '#core/asked-instant'
import { cachingOfPast } from '#core/caching'
import { BOOK_CREDITS } from '#core/credit'
import { printInstant } from '#core/instant'
import { isSure, sumOfBest } from '#core/several-books'
import { type EventBooksAnswer, eventBooksAnswer, printRefusal } from '#core/wire/books-answer'
import { answerData } from '../answer.ts'
import { BOOK_EXAMPLE } from '../book-example.ts'
import { type App, askMarketData } from '../context.ts'
import { objectAnswers } from '../describe-read.ts'
import { instantFault } from '../gate/history.ts'
import { noSuch } from '../no-such.ts'
import { nowUs } from '../now.ts'
import { depthParam, eventParam, instantParam, viewParam } from '../params.ts'
import { readEventBooks } from '../past-book.ts'
import { refuse } from '../refuse.ts'
import { SCOPED_BY_INSTANT } from '../scoped.ts'

/** Markets of one event that are read at once. */
const MOST_MARKETS = 500

const EXAMPLE: EventBooksAnswer = {
  event: 'KXBTCD-26NOV2217',
  at_ts: '2026-11-21T17:00:00.250000Z',
  view: 'yes',
  best_bids_sum: '0.4200',
  best_asks_sum: '0.4300',
  books: [BOOK_EXAMPLE],
}

const route = createRoute({
  method: 'get',
  path: '/v1/events/{event}/orderbook',
  tags: ['Books'],
  summary:
    'The order books of all markets of an event at one instant, with the sums of the best prices',
  ...SCOPED_BY_INSTANT,
  request: {
    params: eventParam,
    query: z.strictObject({
      at: instantParam.optional(),
      depth: depthParam.optional(),
      view: viewParam,
    }),
  },
  responses: objectAnswers(
    `Each market’s book, or why it cannot be told, all at one instant: without at, the latest that the record holds of all. Up to ${MOST_MARKETS} markets; a book costs a credit`,
    eventBooksAnswer,
    EXAMPLE,
    ['not_found', 'range_too_large'],
  ),
})

/** `GET /v1/events/{event}/orderbook`. */
export function addEventOrderbook(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { event } = c.req.valid('param')
    const { at, depth, view } = c.req.valid('query')
    const now = nowUs()
    const asked = at === undefined ? null : notAhead(at, 'at', now)
    if (asked !== null && !asked.ok) return refuse(c, asked.error)
    const unread = asked === null ? null : await instantFault(c, asked.at, 'at')
    if (unread !== null) return refuse(c, unread)
    const pay = (books: number) => c.get('meter').raise(books * BOOK_CREDITS)
    const found = await askMarketData(c, (ask) =>
      readEventBooks(
        ask,
        event,
        { at: asked?.at ?? null, now },
        MOST_MARKETS,
        { view, depth },
        pay,
      ),
    )
    if (found.kind === 'none') return refuse(c, noSuch('event', event))
    if (found.kind === 'too_many') return refuse(c, TOO_MANY)
    if (found.kind === 'unpaid') return refuse(c, found.error)
    if (found.kind === 'beyond') return refuse(c, LATE)
    const books = found.outcomes.map(({ market, book }) =>
      book.ok ? book.answer : printRefusal(market.ticker, book.error),
    )
    const sure = books.filter(isSure).length
    const answer: EventBooksAnswer = {
      event,
      at_ts: printInstant(found.at),
      view,
      best_bids_sum: sumOfBest(books, 'bid'),
      best_asks_sum: sumOfBest(books, 'ask'),
      books,
    }
    const kept = asked !== null && sure === books.length
    return answerData(c, answer, {
      caching: kept ? cachingOfPast(found.at, nowUs()) : 'none',
      credits: sure * BOOK_CREDITS,
    })
  })
}

const LATE: ApiError = {
  code: 'upstream_degraded',
  message: 'the record does not reach so far yet',
}
const TOO_MANY: ApiError = {
  code: 'range_too_large',
  param: 'event',
  message: `an event of more than ${MOST_MARKETS} markets is read in parts, by /v1/orderbooks`,
}
