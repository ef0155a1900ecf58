import type { z } from 'zod'
import { bookBody, eventBody, marketBody, seriesBody, tradeBody } from './bodies.ts'
import type { Clock } from './clock.ts'
import { paginate } from './cursor.ts'
import {
  feeChangeBody,
  limitsBody,
  overrideChangeBody,
  scheduleBody,
  statusBody,
} from './exchange-bodies.ts'
import type { Floor } from './floor.ts'
import { isCombo, type Market, type MarketStatus } from './market.ts'
import * as query from './query.ts'
import type { Allowance } from './token-bucket.ts'

/** What a route makes of a request. */
export type Answer = { status: number; body: unknown }

/** What routes look things up in. */
export type Desk = { floor: Floor; allowance: Allowance | null; now: Clock }

type Route = (desk: Desk, params: URLSearchParams, name: string) => Answer

const NOT_FOUND: Answer = { status: 404, body: { code: 'not_found', message: 'not found' } }

/** The exchange's words of a filter for the statuses of markets. */
const STATUSES: Record<string, readonly MarketStatus[]> = {
  unopened: ['initialized'],
  open: ['active'],
  paused: ['inactive'],
  closed: ['closed', 'determined', 'disputed', 'amended'],
  settled: ['finalized'],
}

/** Every route below the API's root: a path whose `*` is one name, and whether it must be signed. */
export const ROUTES: readonly { path: RegExp; signed: boolean; route: Route }[] = [
  { path: /^\/exchange\/status$/, signed: false, route: () => ok(statusBody(null)) },
  { path: /^\/exchange\/schedule$/, signed: false, route: () => ok(scheduleBody()) },
  {
    path: /^\/account\/limits$/,
    signed: true,
    route: ({ allowance }) => ok(limitsBody(allowance)),
  },
  { path: /^\/markets$/, signed: false, route: listMarkets },
  { path: /^\/markets\/trades$/, signed: false, route: listTrades },
  { path: /^\/markets\/orderbooks$/, signed: true, route: listOrderbooks },
  { path: /^\/markets\/([^/]+)$/, signed: false, route: oneMarket },
  { path: /^\/markets\/([^/]+)\/orderbook$/, signed: false, route: oneOrderbook },
  { path: /^\/events\/fee_changes$/, signed: false, route: listEventFees },
  { path: /^\/series\/fee_changes$/, signed: false, route: listSeriesFees },
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

function listMarkets(desk: Desk, params: URLSearchParams): Answer {
  return reading(query.marketsQuery, params, (wanted) => {
    const all = shown(desk).filter((each) => matches(each, wanted))
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

function oneMarket(desk: Desk, _: URLSearchParams, name: string): Answer {
  const market = shownMarket(desk, name)
  return market === undefined ? NOT_FOUND : ok({ market: marketBody(market) })
}

function oneOrderbook(desk: Desk, params: URLSearchParams, name: string): Answer {
  return reading(query.orderbookQuery, params, ({ depth }) => {
    const market = shownMarket(desk, name)
    return market === undefined ? NOT_FOUND : ok({ orderbook_fp: bookBody(market, depth) })
  })
}

function listOrderbooks(desk: Desk, params: URLSearchParams): Answer {
  const read = query.orderbooksTickers.safeParse(params.getAll('tickers'))
  if (!read.success) return bad('tickers: 1 to 100 of them')
  const known = read.data.flatMap((ticker) => shownMarket(desk, ticker) ?? [])
  return ok({
    orderbooks: known.map((each) => ({ ticker: each.ticker, orderbook_fp: bookBody(each, 0) })),
  })
}

function listTrades(desk: Desk, params: URLSearchParams): Answer {
  return reading(query.tradesQuery, params, (wanted) => {
    const all = desk.floor.trades
      .filter(
        ({ market, atUs, block }) =>
          (wanted.ticker === undefined || wanted.ticker === market.ticker) &&
          (wanted.min_ts === undefined || atUs >= wanted.min_ts) &&
          (wanted.max_ts === undefined || atUs <= wanted.max_ts) &&
          (wanted.is_block_trade === undefined || wanted.is_block_trade === block),
      )
      .reverse()
    const page = paginate(all, wanted.limit, wanted.cursor, (each) => each.id)
    if (page === null) return bad('cursor: unknown')
    return ok({ trades: page.items.map(tradeBody), cursor: page.cursor })
  })
}

function listEvents(desk: Desk, params: URLSearchParams): Answer {
  return reading(query.eventsQuery, params, (wanted) => {
    const statuses = wanted.status === undefined ? undefined : STATUSES[wanted.status]
    const all = shownEvents(desk).filter(
      ([event, markets]) =>
        (wanted.tickers === undefined || wanted.tickers.has(event)) &&
        markets.every((each) => !isCombo(each)) &&
        markets.some(
          (each) => wanted.series_ticker === undefined || each.series === wanted.series_ticker,
        ) &&
        markets.some((each) => statuses === undefined || statuses.includes(each.status)) &&
        markets.some((each) => each.closeUs >= (wanted.min_close_ts ?? 0)) &&
        markets.some((each) => each.updatedUs >= (wanted.min_updated_ts ?? 0)),
    )
    const page = paginate(all, wanted.limit, wanted.cursor, ([event]) => event)
    if (page === null) return bad('cursor: unknown')
    const events = page.items.map(([event, each]) =>
      eventBody(each, desk.floor.fees.ofEvent(event), wanted.with_nested_markets),
    )
    return ok({ events, cursor: page.cursor })
  })
}

function oneEvent(desk: Desk, params: URLSearchParams, name: string): Answer {
  return reading(query.eventQuery, params, ({ with_nested_markets: nested }) => {
    const markets = (desk.floor.events.get(name) ?? []).filter((each) => isShown(desk, each))
    if (markets.length === 0) return NOT_FOUND
    const event = eventBody(markets, desk.floor.fees.ofEvent(name), nested)
    return ok({ event, markets: nested ? [] : markets.map(marketBody) })
  })
}

function listSeries(desk: Desk, params: URLSearchParams): Answer {
  return reading(query.seriesQuery, params, ({ category }) => {
    const tickers = new Set(shown(desk).map((each) => each.series))
    const all = [...tickers].sort().map((each) => seriesBody(each, feeNow(desk, each)))
    return ok({
      series: all.filter((each) => category === undefined || each['category'] === category),
    })
  })
}

function oneSeries(desk: Desk, _: URLSearchParams, name: string): Answer {
  const exists = shown(desk).some((each) => each.series === name)
  return exists ? ok({ series: seriesBody(name, feeNow(desk, name)) }) : NOT_FOUND
}

/** Announced changes that are still to come, or all of them. */
function listSeriesFees(desk: Desk, params: URLSearchParams): Answer {
  return reading(query.seriesFeesQuery, params, (wanted) => {
    const nowUs = desk.now()
    const all = desk.floor.fees.seriesChanges.filter(
      ({ series, atUs }) =>
        (wanted.series_ticker === undefined || wanted.series_ticker === series) &&
        (wanted.show_historical || atUs > nowUs),
    )
    return ok({ series_fee_change_arr: all.map(feeChangeBody) })
  })
}

function listEventFees(desk: Desk, params: URLSearchParams): Answer {
  return reading(query.eventFeesQuery, params, (wanted) => {
    const all = desk.floor.fees.eventChanges.filter(
      ({ event }) => wanted.event_ticker === undefined || wanted.event_ticker === event,
    )
    const page = paginate(all, wanted.limit, wanted.cursor, (each) => each.id)
    if (page === null) return bad('cursor: unknown')
    return ok({ event_fee_changes: page.items.map(overrideChangeBody), cursor: page.cursor })
  })
}

function feeNow({ floor, now }: Desk, series: string) {
  return floor.fees.ofSeries(series, now())
}

/** REST knows a new market a little later than the lifecycle channel tells of it. */
function isShown({ now }: Desk, market: Market): boolean {
  return now() >= market.shownUs
}

function shownMarket(desk: Desk, ticker: string): Market | undefined {
  const market = desk.floor.markets.get(ticker)
  return market !== undefined && isShown(desk, market) ? market : undefined
}

/** The markets that REST knows, newest first. */
function shown(desk: Desk): Market[] {
  const nowUs = desk.now()
  return desk.floor.newestFirst().filter((each) => nowUs >= each.shownUs)
}

function shownEvents(desk: Desk): [string, Market[]][] {
  const nowUs = desk.now()
  return [...desk.floor.events].flatMap(([event, markets]): [string, Market[]][] => {
    const there = markets.filter((each) => nowUs >= each.shownUs)
    return there.length === 0 ? [] : [[event, there]]
  })
}
