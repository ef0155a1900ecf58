import type { z } from 'zod'
import {
  accountLimits,
  type ExchangeStatus,
  eventsPage,
  exchangeStatus,
  marketsPage,
  oneEvent,
  oneMarket,
  oneSeries,
  seriesList,
  tradesPage,
} from '#core/kalshi/rest'
import type { Ticker } from '#core/ticker'
import { KalshiHttp, KalshiRestError } from './kalshi-http.ts'
import type { Credentials } from './signature.ts'
import { type Allowance, type RestPriority, TokenBudget } from './token-budget.ts'

/** The exchange's basic tier. */
const BASIC: Allowance = { perSecond: 200, capacity: 400 }
const MARKETS_LIMIT = 1000
const EVENTS_LIMIT = 200
const TRADES_LIMIT = 1000
/** More tickers than that in one `tickers` parameter, and the address grows too long. */
export const TICKERS_AT_ONCE = 100

/** Which markets: the exchange's word, and bounds in whole seconds. */
export type MarketsFilter = {
  readonly status?: 'unopened' | 'open' | 'paused' | 'closed' | 'settled'
  readonly minCloseTs?: number
  readonly minSettledTs?: number
  readonly tickers?: readonly string[]
}
export type EventsFilter = {
  readonly status?: 'open'
  readonly minUpdatedTs?: number
  readonly tickers?: readonly string[]
}
/** Trades of an interval, bounds in whole seconds, both included. */
export type TradesFilter = {
  readonly minTs: number
  readonly maxTs: number
  readonly cursor?: string
}
export type TradesPage = { readonly trades: readonly unknown[]; readonly cursor: string | null }

type Query = Readonly<Record<string, string | number | undefined>>

/** The exchange's REST as far as the collector asks it; all of it shares one budget of tokens. */
export class KalshiRest {
  readonly #budget: TokenBudget
  readonly #http: KalshiHttp
  readonly #fixed: boolean

  /**
   * @param base the address that ends in `/trade-api/v2`
   * @param tokensPerSecond what may be spent; null for what the account is allowed
   */
  constructor(base: string, credentials: Credentials, tokensPerSecond: number | null = null) {
    this.#fixed = tokensPerSecond !== null
    this.#budget = new TokenBudget(
      tokensPerSecond === null
        ? BASIC
        : { perSecond: tokensPerSecond, capacity: tokensPerSecond * 2 },
    )
    this.#http = new KalshiHttp(base, credentials, this.#budget)
  }

  /** Breaks off what is under way. */
  close(): void {
    this.#http.close()
  }

  /** Takes up the account's own allowance, unless one was set; without an answer the basic one stays. */
  async readLimits(): Promise<void> {
    if (this.#fixed) return
    try {
      const body = await this.#http.get('/account/limits', 'start', 1)
      const { refill_rate: perSecond, bucket_capacity: capacity } = shaped(accountLimits, body).read
      this.#budget.allow({ perSecond, capacity })
    } catch (error) {
      if (!(error instanceof KalshiRestError)) throw error
    }
  }

  /** Markets but combos, page by page, as the exchange lists them. */
  markets(filter: MarketsFilter, priority: RestPriority): AsyncGenerator<readonly unknown[]> {
    const query = {
      status: filter.status,
      min_close_ts: filter.minCloseTs,
      min_settled_ts: filter.minSettledTs,
      tickers: filter.tickers?.join(','),
      mve_filter: filter.tickers === undefined ? 'exclude' : undefined,
      limit: MARKETS_LIMIT,
    }
    return this.#pages('/markets', query, priority, (body) => {
      const { markets: rows, cursor } = shaped(marketsPage, body)
      return { rows, cursor }
    })
  }

  /** Events, page by page. */
  events(filter: EventsFilter, priority: RestPriority): AsyncGenerator<readonly unknown[]> {
    const query = {
      status: filter.status,
      min_updated_ts: filter.minUpdatedTs,
      tickers: filter.tickers?.join(','),
      limit: EVENTS_LIMIT,
    }
    return this.#pages('/events', query, priority, (body) => {
      const { events: rows, cursor } = shaped(eventsPage, body)
      return { rows, cursor }
    })
  }

  /** All series, or those that changed since a moment in whole seconds. */
  async series(priority: RestPriority, minUpdatedTs?: number): Promise<readonly unknown[]> {
    const path = `/series${printQuery({ min_updated_ts: minUpdatedTs })}`
    return shaped(seriesList, await this.#http.get(path, priority)).series
  }

  /** One market; null when the exchange does not know it (yet: right after its creation it may not). */
  async market(ticker: string, priority: RestPriority): Promise<unknown> {
    const body = await this.#known(`/markets/${encodeURIComponent(ticker)}`, priority)
    return body === null ? null : shaped(oneMarket, body).market
  }

  /** One event; null when the exchange does not know it. */
  async event(ticker: string, priority: RestPriority): Promise<unknown> {
    const body = await this.#known(`/events/${encodeURIComponent(ticker)}`, priority)
    return body === null ? null : shaped(oneEvent, body).event
  }

  /** One series; null when the exchange does not know it. */
  async seriesOne(ticker: string, priority: RestPriority): Promise<unknown> {
    const body = await this.#known(`/series/${encodeURIComponent(ticker)}`, priority)
    return body === null ? null : shaped(oneSeries, body).series
  }

  /** The answer for the books of 1 to 100 markets, as it is (`readOrderbooks` reads it). */
  orderbooks(tickers: readonly Ticker[], priority: RestPriority = 'check'): Promise<unknown> {
    const query = new URLSearchParams(
      tickers.map((ticker): [string, string] => ['tickers', ticker]),
    )
    return this.#http.get(`/markets/orderbooks?${query}`, priority, 2)
  }

  /** One page of trades, newest first, as the exchange lists them (`kalshiTrade` reads one). */
  async trades(filter: TradesFilter, priority: RestPriority = 'refill'): Promise<TradesPage> {
    const query = {
      min_ts: filter.minTs,
      max_ts: filter.maxTs,
      limit: TRADES_LIMIT,
      cursor: filter.cursor,
    }
    const body = await this.#http.get(`/markets/trades${printQuery(query)}`, priority)
    const { trades, cursor } = shaped(tradesPage, body)
    return { trades, cursor: cursor || null }
  }

  /** Whether the exchange trades; while it rests it says so in the body of a 503. */
  async exchangeStatus(priority: RestPriority = 'life'): Promise<ExchangeStatus> {
    try {
      return shaped(exchangeStatus, await this.#http.get('/exchange/status', priority, 1))
    } catch (error) {
      const said = error instanceof KalshiRestError ? exchangeStatus.safeParse(error.body) : null
      if (said?.success) return said.data
      throw error
    }
  }

  async #known(path: string, priority: RestPriority): Promise<unknown> {
    try {
      return await this.#http.get(path, priority)
    } catch (error) {
      if (error instanceof KalshiRestError && error.status === 404) return null
      throw error
    }
  }

  async *#pages(
    path: string,
    query: Query,
    priority: RestPriority,
    read: (body: unknown) => { rows: readonly unknown[]; cursor: string | null | undefined },
  ): AsyncGenerator<readonly unknown[]> {
    const seen = new Set<string>()
    let cursor: string | undefined
    do {
      const page = read(await this.#http.get(path + printQuery({ ...query, cursor }), priority))
      yield page.rows
      cursor = page.cursor || undefined
      // Lists are live: a cursor that comes again would turn for ever.
      if (cursor !== undefined && seen.has(cursor)) return
      seen.add(cursor ?? '')
    } while (cursor !== undefined)
  }
}

function printQuery(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

function shaped<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const result = shape.safeParse(body)
  if (result.success) return result.data
  throw new KalshiRestError('an answer of another shape', false)
}
