import { z } from 'zod'
import { API_ERROR_STATUS, type ApiError, type ApiErrorCode } from '../api-error.ts'
import { bookAnswer } from './book-answer.ts'

const rfc3339 = z.string().describe('RFC 3339, UTC, microseconds')

/** Why one book of several cannot be told. */
export const bookRefusal = z.object({
  ticker: z.string(),
  error: z.object({
    code: z.enum(Object.keys(API_ERROR_STATUS) as [ApiErrorCode, ...ApiErrorCode[]]),
    message: z.string(),
    covered: z
      .object({ from_ts: rfc3339.nullable(), through_ts: rfc3339.nullable() })
      .optional()
      .describe('What the record holds'),
  }),
})

/** Of several markets, each one's book or why it cannot be told. */
export const booksAnswer = z.array(z.union([bookAnswer, bookRefusal]))
export type BooksAnswer = z.infer<typeof booksAnswer>
export type BookOrRefusal = BooksAnswer[number]

const sum = z.string().nullable()

/** The books of an event's markets at one instant. */
export const eventBooksAnswer = z.object({
  event: z.string(),
  at_ts: rfc3339,
  view: z.enum(['yes', 'native']),
  best_bids_sum: sum.describe(
    'In dollars; null when a market has no best bid or its book is not known',
  ),
  best_asks_sum: sum.describe(
    'In dollars; null when a market has no best ask or its book is not known',
  ),
  books: booksAnswer.describe('By ticker'),
})
export type EventBooksAnswer = z.infer<typeof eventBooksAnswer>

/** Prints why one book of several cannot be told. */
export function printRefusal(ticker: string, { code, message, covered }: ApiError): BookOrRefusal {
  return {
    ticker,
    error: { code, message, ...(covered === undefined ? {} : { covered: { ...covered } }) },
  }
}
