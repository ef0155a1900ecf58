import { z } from '@hono/zod-openapi'
import { parseInstant } from '#core/instant'
import { asSeq } from '#core/log'
import { MARKET_STATUSES } from '#core/market-status'
import { parseTicker } from '#core/ticker'

/** A text that is given once. A repeated parameter arrives as a list. */
const once = z.string({
  error: ({ input }) => (Array.isArray(input) ? 'is given more than once' : 'is missing'),
})

/** A parameter read from its text by `read`, which gives null for what it cannot be. */
function read<Value>(parse: (text: string) => Value | null, right: string) {
  return once.transform((text, context) => {
    const value = parse(text)
    if (value !== null) return value
    context.addIssue({ code: 'custom', message: right })
    return z.NEVER
  })
}

function wholeNumber(least: number, most: number) {
  return (text: string) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    return value >= least && value <= most ? value : null
  }
}

/** `/markets/{ticker}`. */
export const tickerParam = z.strictObject({
  ticker: read(
    parseTicker,
    'must be 1 to 128 letters, digits, dots, underscores and hyphens',
  ).openapi({ param: { name: 'ticker', in: 'path' }, type: 'string' }),
})

/** RFC 3339 with a zone or epoch time; µs. */
export const instantParam = read(
  parseInstant,
  'must be RFC 3339 with a zone, as 2026-11-21T17:00:00Z (a + in it written %2B), or epoch time of 10, 13, 16 or 19 digits, in the years 1970 to 2255',
).openapi({ type: 'string', example: '2026-11-21T17:00:00.250000Z' })

/** A record's number. */
export const seqParam = read(
  (text) => (/^\d{1,16}$/.test(text) ? asSeq(Number(text)) : null),
  'must be a whole number from 0 to 9007199254740991',
).openapi({ type: 'integer' })

/** How many levels of each side. */
export const depthParam = read(
  wholeNumber(1, 1000),
  'must be a whole number from 1 to 1000',
).openapi({ type: 'integer', minimum: 1, maximum: 1000 })

const LIMIT = { least: 1, most: 10_000 }
/** Rows of a page for which no limit is given. */
export const PAGE_ROWS = 1000
/** How many rows: of a page, or at most of a stream. */
export const limitParam = read(
  wholeNumber(LIMIT.least, LIMIT.most),
  `must be a whole number from ${LIMIT.least} to ${LIMIT.most}`,
).openapi({
  type: 'integer',
  minimum: LIMIT.least,
  maximum: LIMIT.most,
  default: PAGE_ROWS,
  description: 'Rows of a page; a stream has all rows unless this is given',
})

/** One of a list of words. */
export function wordParam<const Words extends readonly [string, ...string[]]>(words: Words) {
  return read<Words[number]>(
    (text) => words.find((word) => word === text) ?? null,
    `must be ${words.length > 1 ? 'one of ' : ''}${words.join(', ')}`,
  ).openapi({ type: 'string', enum: [...words] })
}

/** The exchange's word for a market's state. */
export const statusParam = wordParam(MARKET_STATUSES)

/** The ticker of a series or an event. */
export const groupParam = read(
  parseTicker,
  'must be 1 to 128 letters, digits, dots, underscores and hyphens',
).openapi({ type: 'string' })

/** A page's `next_cursor`, checked by its route. */
export const cursorParam = once.openapi({
  type: 'string',
  description: 'The next_cursor of the page before, or the cursor of a stream that broke off',
})

/** What every list takes, to be spread into its query. */
export const listParams = {
  cursor: cursorParam.optional(),
  limit: limitParam.optional(),
  order: wordParam(['asc', 'desc']).default('asc'),
} as const

/** A range of time, `from` inclusive and `to` exclusive, to be spread into a query. */
export const rangeParams = {
  from: instantParam.optional(),
  to: instantParam.optional(),
} as const

/** A route that takes none. */
export const noParams = z.strictObject({})
