import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { notAhead } from '#core/asked-instant'
import { cachingOfPast } from '#core/caching'
import { BOOK_CREDITS } from '#core/credit'
import { isSure } from '#core/several-books'
import { type BooksAnswer, booksAnswer, printRefusal } from '#core/wire/books-answer'
import { answerData } from '../answer.ts'
import { BOOK_EXAMPLE } from '../book-example.ts'
import { type App, askMarketData } from '../context.ts'
import { objectAnswers } from '../describe-read.ts'
import { instantFault } from '../gate/history.ts'
import { readBooksNow } from '../live-books.ts'
import { noSuch } from '../no-such.ts'
import { nowUs } from '../now.ts'
import { depthParam, instantParam, tickersParam, viewParam } from '../params.ts'
import { type BookOutcome, readPastBooks } from '../past-book.ts'
import { refuse } from '../refuse.ts'
import { SCOPED_BY_INSTANT } from '../scoped.ts'

const EXAMPLE: BooksAnswer = [
  BOOK_EXAMPLE,
  {
    ticker: 'KXBTCD-26NOV2217-T96000',
    error: { code: 'not_found', message: 'there is no market KXBTCD-26NOV2217-T96000' },
  },
]

const route = createRoute({
  method: 'get',
  path: '/v1/orderbooks',
  tags: ['Books'],
  summary: 'The order books of up to 100 markets, now or at an instant',
  ...SCOPED_BY_INSTANT,
  request: {
    query: z.strictObject({
      tickers: tickersParam,
      at: instantParam.optional(),
      depth: depthParam.optional(),
      view: viewParam,
    }),
  },
  responses: objectAnswers(
    'Each market’s book, or why it cannot be told, in the order asked. A book costs a credit',
    booksAnswer,
    EXAMPLE,
  ),
})

/** `GET /v1/orderbooks`. */
export function addOrderbooks(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { tickers, at, depth, view } = c.req.valid('query')
    const asked = at === undefined ? null : notAhead(at, 'at', nowUs())
    if (asked !== null && !asked.ok) return refuse(c, asked.error)
    const unread = asked === null ? null : await instantFault(c, asked.at, 'at')
    if (unread !== null) return refuse(c, unread)
    const style = { view, depth }
    const found =
      asked === null
        ? await readBooksNow(c, tickers, style, false)
        : await askMarketData(c, (ask) =>
            readPastBooks(ask, tickers, { kind: 'at', us: asked.at }, style),
          )
    const books = inOrder(tickers, found)
    const sure = books.filter(isSure).length
    // Books that are live, or not known, may be others a moment later.
    const kept = asked !== null && sure === books.length
    return answerData(c, books, {
      caching: kept ? cachingOfPast(asked.at, nowUs()) : 'none',
      credits: sure * BOOK_CREDITS,
    })
  })
}

function inOrder(tickers: readonly string[], found: readonly BookOutcome[]): BooksAnswer {
  const byTicker = new Map(found.map(({ market, book }) => [market.ticker as string, book]))
  return tickers.map((ticker) => {
    const book = byTicker.get(ticker)
    if (book === undefined) return printRefusal(ticker, noSuch('market', ticker))
    return book.ok ? book.answer : printRefusal(ticker, book.error)
  })
}
