import type { z } from 'zod'
import { bookBody, eventBody, marketBody, seriesBody, statusBody, tradeBody } from './bodies.ts'
import { paginate } from './cursor.ts'
import type { Floor } from './floor.ts'
import { isCombo, type Market, type MarketStatus } from './market.ts'
import * as query from './query.ts'

/** What a route makes of a request. */
export type Answer = { status: number; body: unknown }

type Route = (floor: Floor, params: URLSearchParams, name: string) => Answer

const NOT_FOUND: Answer = { status: 404, body: { code: 'not_found', message: 'not found' } }

/** The exchange's words of a filter for the statuses of markets. */
const STATUSES: Record<string, readonly MarketStatus[]> = {
  unopened: ['initialized'],
  open: ['active'],
  paused: ['inactive'],
  closed: ['closed', 'determined'],
  settled: ['finalized'],
}

/** Every route below the API's root: a path whose `*` is one name, and whether it must be signed. */
export const ROUTES: readonly { path: RegExp; signed: boolean; route: Route }[] = [
  { path: /^\/exchange\/status$/, signed: false, route: () => ok(statusBody()) },
  { path: /^\/markets$/, signed: false, route: listMarkets },
  { path: /^\/markets\/trades$/, signed: false, route: listTrades },
  { path: /^\/markets\/orderbooks$/, signed: true, route: listOrderbooks },
  { path: /^\/markets\/([^/]+)$/, signed: false, route: oneMarket },
  { path: /^\/markets\/([^/]+)\/orderbook$/, signed: false, route: oneOrderbook },
  { path: /^\/events$/, signed: false, route: listEvents },
  { path: /^\/events\/([^/]+)$/, signed: false, route: oneEvent },
  { path: /^\/series$/, signed: false, route: listSeries },
  { path: /^\/series\/([^/]+)$/, signed: false, route: oneSeries },
]

/** Answers for what is at no route. */
export function notFound(): Answer {
  return NOT_FOUND
}

function ok(body: unknown): Answer {
  return { status: 200, body }
}

function bad(details: string): Answer {
  return { status: 400, body: { code: 'bad_request', message: 'bad request', details } }
}

/** Reads the parameters that a route knows, and runs it; 400 when they cannot be. */
function reading<T>(
  schema: z.ZodType<T>,
  params: URLSearchParams,
  run: (read: T) => Answer,
): Answer {
  const read = schema.safeParse(Object.fromEntries(params))
  if (read.success) return run(read.data)
  return bad(read.error.issues.map((each) => `${each.path.join('.')}: ${each.message}`).join('; '))
}

function listMarkets(floor: Floor, params: URLSearchParams): Answer {
  return reading(query.marketsQuery, params, (wanted) => {
    const all = newestFirst([...floor.markets.values()].filter((each) => matches(each, wanted)))
    const page = paginate(all, wanted.limit, wanted.cursor, (each) => each.ticker)
    if (page === null) return bad('cursor: unknown')
    return ok({ markets: page.items.map(marketBody), cursor: page.cursor })
  })
}

function matches(market: Market, wanted: query.MarketsQuery): boolean {
  const { status, mve_filter: mve } = wanted
  const between = (at: number | null, least?: number, most?: number) =>
    (least === undefined || (at !== null && at >= least)) &&
    (most === undefined || (at !== null && at <= most))
  return (
    (wanted.event_ticker === undefined || wanted.event_ticker === market.event) &&
    (wanted.series_ticker === undefined || wanted.series_ticker === market.series) &&
    (wanted.tickers === undefined || wanted.tickers.has(market.ticker)) &&
    (status === undefined || STATUSES[status]?.includes(market.status) === true) &&
    (mve === undefined || isCombo(market) === (mve === 'only')) &&
    between(market.createdUs, wanted.min_created_ts, wanted.max_created_ts) &&
    between(market.closeUs, wanted.min_close_ts, wanted.max_close_ts) &&
    between(market.settledUs, wanted.min_settled_ts, wanted.max_settled_ts) &&
    between(market.updatedUs, wanted.min_updated_ts)
  )
}

function newestFirst(markets: Market[]): Market[] {
  return markets.sort((a, b) => b.createdUs - a.createdUs || (a.ticker < b.ticker ? -1 : 1))
}

function oneMarket(floor: Floor, _: URLSearchParams, name: string): Answer {
  const market = floor.markets.get(name)
  return market === undefined ? NOT_FOUND : ok({ market: marketBody(market) })
}

function oneOrderbook(floor: Floor, params: URLSearchParams, name: string): Answer {
  return reading(query.orderbookQuery, params, ({ depth }) => {
    const market = floor.markets.get(name)
    return market === undefined ? NOT_FOUND : ok({ orderbook_fp: bookBody(market, depth) })
  })
}

function listOrderbooks(floor: Floor, params: URLSearchParams): Answer {
  const read = query.orderbooksTickers.safeParse(params.getAll('tickers'))
  if (!read.success) return bad('tickers: 1 to 100 of them')
  const known = read.data.flatMap((ticker) => floor.markets.get(ticker) ?? [])
  return ok({
    orderbooks: known.map((each) => ({ ticker: each.ticker, orderbook_fp: bookBody(each, 0) })),
  })
}

function listTrades(floor: Floor, params: URLSearchParams): Answer {
  return reading(query.tradesQuery, params, (wanted) => {
    const all = floor.trades
      .filter(
        ({ market, atUs }) =>
          (wanted.ticker === undefined || wanted.ticker === market.ticker) &&
          (wanted.min_ts === undefined || atUs >= wanted.min_ts) &&
          (wanted.max_ts === undefined || atUs <= wanted.max_ts) &&
          wanted.is_block_trade !== true,
      )
      .reverse()
    const page = paginate(all, wanted.limit, wanted.cursor, (each) => each.id)
    if (page === null) return bad('cursor: unknown')
    return ok({ trades: page.items.map(tradeBody), cursor: page.cursor })
  })
}

function listEvents(floor: Floor, params: URLSearchParams): Answer {
  return reading(query.eventsQuery, params, (wanted) => {
    const statuses = wanted.status === undefined ? undefined : STATUSES[wanted.status]
    const all = [...floor.events].filter(
      ([event, markets]) =>
        (wanted.tickers === undefined || wanted.tickers.has(event)) &&
        markets.every((each) => !isCombo(each)) &&
        markets.some(
          (each) => wanted.series_ticker === undefined || each.series === wanted.series_ticker,
        ) &&
        markets.some((each) => statuses === undefined || statuses.includes(each.status)),
    )
    const page = paginate(all, wanted.limit, wanted.cursor, ([event]) => event)
    if (page === null) return bad('cursor: unknown')
    const events = page.items.map(([, each]) => eventBody(each, wanted.with_nested_markets))
    return ok({ events, cursor: page.cursor })
  })
}

function oneEvent(floor: Floor, params: URLSearchParams, name: string): Answer {
  return reading(query.eventQuery, params, ({ with_nested_markets: nested }) => {
    const markets = floor.events.get(name)
    if (markets === undefined) return NOT_FOUND
    return ok({ event: eventBody(markets, nested), markets: nested ? [] : markets.map(marketBody) })
  })
}

function listSeries(floor: Floor, params: URLSearchParams): Answer {
  return reading(query.seriesQuery, params, ({ category }) => {
    const tickers = new Set([...floor.markets.values()].map((each) => each.series))
    const all = [...tickers].sort().map(seriesBody)
    return ok({
      series: all.filter((each) => category === undefined || each['category'] === category),
    })
  })
}

function oneSeries(floor: Floor, _: URLSearchParams, name: string): Answer {
  const exists = [...floor.markets.values()].some((each) => each.series === name)
  return exists ? ok({ series: seriesBody(name) }) : NOT_FOUND
}
