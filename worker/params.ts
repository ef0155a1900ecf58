import { z } from '@hono/zod-openapi'
import { CURSOR_SHAPE } from '#core/cursor'
import { INSTANT_SHAPE, parseInstant } from '#core/instant'
import { asSeq } from '#core/log'
import { MARKET_STATUSES } from '#core/market-status'
import { parseTicker, TICKER_SHAPE, type Ticker } from '#core/ticker'
import { HISTORY_DAYS, STATUS_DAYS } from './status/history-days.ts'

// What `openapi` says of a parameter is the whole truth of its text: a test holds the one against the other.

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

/** A whole number within these bounds, which are documented with it. */
function numberWithin({ least, most }: { readonly least: number; readonly most: number }) {
  const right = `must be a whole number from ${least} to ${most}`
  return read(wholeNumber(least, most), right).openapi({
    type: 'integer',
    minimum: least,
    maximum: most,
  })
}

const TICKER_TEXT = { type: 'string', pattern: TICKER_SHAPE.source } as const
const anyTicker = read(
  parseTicker,
  'must be 1 to 128 letters, digits, dots, underscores and hyphens',
)

/** The ticker of a market, an event or a series, which the path or the query names. */
export function tickerOf(what: 'market' | 'event' | 'series') {
  const example = { market: EXAMPLE_TICKER, event: 'KXBTCD-26NOV2217', series: 'KXBTCD' }[what]
  const param = { description: `The ticker of the ${what}`, example }
  return anyTicker.openapi({ param, ...TICKER_TEXT })
}

const EXAMPLE_TICKER = 'KXBTCD-26NOV2217-T95000'

/** `/markets/{ticker}`. */
export const tickerParam = z.strictObject({ ticker: tickerOf('market') })
/** `/events/{event}`. */
export const eventParam = z.strictObject({ event: tickerOf('event') })
/** `/series/{series}`. */
export const seriesParam = z.strictObject({ series: tickerOf('series') })

const MOST_TICKERS = 100
/** Up to 100 markets, each once, with commas between them. */
export const tickersParam = read(
  parseTickers,
  `must be 1 to ${MOST_TICKERS} different tickers with commas between them`,
).openapi({
  param: {
    description: 'Tickers of markets, with commas between them',
    style: 'form',
    explode: false,
    example: [EXAMPLE_TICKER, 'KXBTCD-26NOV2217-T96000'],
  },
  type: 'array',
  items: TICKER_TEXT,
  minItems: 1,
  maxItems: MOST_TICKERS,
  uniqueItems: true,
})

function parseTickers(text: string): readonly Ticker[] | null {
  const tickers = text.split(',', MOST_TICKERS + 1).map(parseTicker)
  const good = tickers.filter((ticker) => ticker !== null)
  const whole = good.length === tickers.length && good.length <= MOST_TICKERS
  return whole && new Set(good).size === good.length ? good : null
}

/** RFC 3339 with a zone or epoch time; µs. @param description what the instant is for */
function instantOf(description: string, example = '2026-11-21T17:00:00.250000Z') {
  return read(
    parseInstant,
    'must be RFC 3339 with a zone, as 2026-11-21T17:00:00Z (a + in it written %2B), or epoch time of 10, 13, 16 or 19 digits, in the years 1970 to 2255',
  ).openapi({
    param: {
      description: `${description}. RFC 3339 with a zone, or epoch time of 10 (s), 13 (ms), 16 (µs) or 19 (ns) digits`,
      example,
    },
    type: 'string',
    pattern: INSTANT_SHAPE.source,
  })
}

/** The instant to answer for. */
export const instantParam = instantOf('The instant to answer for; at most 2 s ahead of our clock')

/** A record's number. */
export const seqParam = read(
  (text) => (/^\d{1,16}$/.test(text) ? asSeq(Number(text)) : null),
  `must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`,
).openapi({
  param: { description: 'The number of a record', example: 33547989549056 },
  type: 'integer',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
})

/** How many levels of each side. */
export const depthParam = numberWithin({ least: 1, most: 1000 }).openapi({
  param: { description: 'Levels of each side, best first; all when absent', example: 10 },
})

/** Rows of a page for which no limit is given. */
export const PAGE_ROWS = 1000
/** How many rows: of a page, or at most of a stream. */
export const limitParam = numberWithin({ least: 1, most: 10_000 }).openapi({
  param: { description: 'Rows of a page; a stream has all rows unless this is given', example: 2 },
  default: PAGE_ROWS,
})

/** How many days back. */
export const daysParam = numberWithin({ least: 1, most: HISTORY_DAYS }).openapi({
  param: { description: 'Days back from now', example: 1 },
  default: STATUS_DAYS,
})

/** One of a list of words; the first is documented as the example. */
export function wordParam<const Words extends readonly [string, ...string[]]>(
  words: Words,
  description?: string,
) {
  return read<Words[number]>(
    (text) => words.find((word) => word === text) ?? null,
    `must be ${words.length > 1 ? 'one of ' : ''}${words.join(', ')}`,
  ).openapi({
    param: { ...(description === undefined ? {} : { description }), example: words[0] },
    type: 'string',
    enum: [...words],
  })
}

/** One of a list of words, the first when none is given. */
export function wordOrFirst<const Words extends readonly [string, ...string[]]>(
  words: Words,
  description: string,
) {
  const [first] = words
  return wordParam(words, description)
    .optional()
    .transform((word): Words[number] => word ?? first)
    .openapi({ default: first })
}

/** How a book is shown. */
export const viewParam = wordOrFirst(
  ['yes', 'native'],
  'yes shows bids and asks of the yes leg; native shows the bids of both legs',
)

/** The exchange's word for a market's state. */
export const statusParam = wordParam(MARKET_STATUSES, 'The exchange’s word for a market’s state')

/** A text of a person's, without control characters. @param most characters */
export function textParam(most: number, description: string, example: string) {
  const shape = new RegExp(`^\\P{Cc}{1,${most}}$`, 'u')
  return read(
    (text) => (shape.test(text) ? text : null),
    `must be 1 to ${most} characters, no control character among them`,
  ).openapi({ param: { description, example }, type: 'string', pattern: shape.source })
}

/** A page's `next_cursor`, checked by its route. */
export const cursorParam = once.openapi({
  param: {
    description:
      'The next_cursor of the page before, or the cursor of a stream that broke off, with the same parameters',
    example: '1795345898631376~33547989549058.QmD51txpz9bidohzYpFmpg3UQOgm35Qgct8hlLUqa1I',
  },
  type: 'string',
  pattern: CURSOR_SHAPE.source,
})

/** What every list takes, to be spread into its query. */
export const listParams = {
  cursor: cursorParam.optional(),
  limit: limitParam.optional(),
  order: wordOrFirst(['asc', 'desc'], 'asc is oldest first, or by ticker; desc the reverse'),
} as const

/** A range of time, `from` inclusive and `to` exclusive, to be spread into a query. */
export const rangeParams = {
  from: instantOf(
    'Where the range begins, itself included; the first record when absent',
    '2026-11-21T17:00:00Z',
  ).optional(),
  to: instantOf(
    'Where the range ends, itself left out; it may lie in the future',
    '2026-11-21T18:00:00Z',
  ).optional(),
} as const

/** A route that takes none. */
export const noParams = z.strictObject({})
