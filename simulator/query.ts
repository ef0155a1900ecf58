import { z } from 'zod'

const integer = z
  .string()
  .regex(/^\d{1,12}$/, 'is no whole number')
  .transform(Number)
const within = (least: number, most: number) => integer.pipe(z.number().min(least).max(most))
const boolean = z.enum(['true', 'false']).transform((text) => text === 'true')
const csv = z.string().transform((text) => new Set(text.split(',').filter((each) => each !== '')))
/** unix seconds in, microseconds out */
const instant = integer.transform((seconds) => seconds * 1_000_000)

/** The parameters of `GET /markets`. */
export const marketsQuery = z
  .object({
    // 0 stands for the default here.
    limit: within(0, 1000)
      .default(100)
      .transform((limit) => (limit === 0 ? 100 : limit)),
    cursor: z.string().optional(),
    event_ticker: z.string().optional(),
    series_ticker: z.string().optional(),
    tickers: csv.optional(),
    status: z.enum(['unopened', 'open', 'paused', 'closed', 'settled']).optional(),
    mve_filter: z.enum(['only', 'exclude']).optional(),
    min_created_ts: instant.optional(),
    max_created_ts: instant.optional(),
    min_close_ts: instant.optional(),
    max_close_ts: instant.optional(),
    min_settled_ts: instant.optional(),
    max_settled_ts: instant.optional(),
    min_updated_ts: instant.optional(),
  })
  .superRefine((query, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message })
    const { status } = query
    const created = query.min_created_ts ?? query.max_created_ts
    const closes = query.min_close_ts ?? query.max_close_ts
    const settled = query.min_settled_ts ?? query.max_settled_ts
    if (created !== undefined && !['unopened', 'open', undefined].includes(status)) {
      refuse('created_ts filters go with status unopened or open')
    }
    if (closes !== undefined && !['closed', undefined].includes(status)) {
      refuse('close_ts filters go with status closed')
    }
    if (settled !== undefined && !['settled', undefined].includes(status)) {
      refuse('settled_ts filters go with status settled')
    }
    // "Incompatible with any other filters except mve_filter=exclude. May be combined with
    // series_ticker, which requires mve_filter=exclude." (the exchange's OpenAPI)
    if (query.min_updated_ts !== undefined) {
      const others = [status, created, closes, settled, query.event_ticker, query.tickers]
      const lone = others.every((each) => each === undefined) && query.mve_filter !== 'only'
      const series = query.series_ticker === undefined || query.mve_filter === 'exclude'
      if (!lone || !series) refuse('min_updated_ts goes with mve_filter=exclude alone')
    }
  })

export type MarketsQuery = z.infer<typeof marketsQuery>

/** The parameters of `GET /events`. */
export const eventsQuery = z.object({
  limit: within(1, 200).default(200),
  cursor: z.string().optional(),
  with_nested_markets: boolean.default(false),
  status: z.enum(['unopened', 'open', 'closed', 'settled']).optional(),
  series_ticker: z.string().optional(),
  tickers: csv.optional(),
  min_close_ts: instant.optional(),
  min_updated_ts: instant.optional(),
})

/** The parameters of `GET /series/fee_changes`. */
export const seriesFeesQuery = z.object({
  series_ticker: z.string().optional(),
  show_historical: boolean.default(false),
})

/** The parameters of `GET /events/fee_changes`. */
export const eventFeesQuery = z.object({
  event_ticker: z.string().optional(),
  limit: within(1, 1000).default(100),
  cursor: z.string().optional(),
})

/** The parameters of `GET /events/{event_ticker}`. */
export const eventQuery = z.object({ with_nested_markets: boolean.default(false) })

/** The parameters of `GET /series`. */
export const seriesQuery = z.object({ category: z.string().optional() })

/** The parameters of `GET /markets/{ticker}/orderbook`; 0 is all levels. */
export const orderbookQuery = z.object({ depth: within(0, 100).default(0) })

/** The parameters of `GET /markets/trades`. */
export const tradesQuery = z.object({
  limit: within(0, 1000)
    .default(100)
    .transform((limit) => (limit === 0 ? 100 : limit)),
  cursor: z.string().optional(),
  ticker: z.string().optional(),
  min_ts: instant.optional(),
  max_ts: instant.optional(),
  is_block_trade: boolean.optional(),
})

/** The repeated parameter of `GET /markets/orderbooks`. */
export const orderbooksTickers = z.array(z.string().min(1).max(200)).min(1).max(100)
