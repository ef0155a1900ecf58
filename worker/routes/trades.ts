import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Sql } from 'postgres'
import type { ApiError } from '#core/api-error'
import { rangeFault } from '#core/asked-instant'
import type { CursorPosition } from '#core/cursor'
import { parseCursorWord, printCursorWord } from '#core/cursor-word'
import type { Micros } from '#core/instant'
import type { Column } from '#core/wire/csv'
import { printHoles, printTrade, type WireTrade, wireTrade } from '#core/wire/trade'
import { answerList } from '../answer-list.ts'
import { byWindow } from '../by-window.ts'
import type { App } from '../context.ts'
import { listAnswers } from '../describe-read.ts'
import { readFrom } from '../gate/history.ts'
import type { Asked, ListStart, Opened } from '../list.ts'
import { noSuch } from '../no-such.ts'
import { nowUs } from '../now.ts'
import { listParams, rangeParams, tickerOf, tickerParam, tickersParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { readTradeRecord } from '../store/trade-record.ts'
import { type TradedMarket, tradedInEvent, tradedMarkets } from '../store/traded-markets.ts'
import { listTrades, type StoredTrade, type TradePlace } from '../store/trades.ts'
import { requireKept, tradedRange } from '../traded-range.ts'

const HOUR_US = 3_600_000_000
/** An event of more markets is not read at one time. */
const MOST_MARKETS = 500
/** So many rows are what one statement should read. */
const ROWS = 10_000

const EXAMPLE: WireTrade = {
  type: 'trade',
  trade_id: '7c1b8f62-5c1a-4b93-9a53-0d7b6f1c2e11',
  market: 'KXBTCD-26NOV2217-T95000',
  price: '0.4200',
  size: '82.12',
  taker: 'yes',
  block: false,
  event_us: 1795345898213000,
  recv_us: 1795345898231877,
  source: 'stream',
}

const COLUMNS: readonly Column<WireTrade>[] = [
  ['trade_id', (trade) => trade.trade_id],
  ['market', (trade) => trade.market],
  ['price', (trade) => trade.price],
  ['size', (trade) => trade.size],
  ['taker', (trade) => trade.taker],
  ['block', (trade) => trade.block],
  ['event_us', (trade) => trade.event_us],
  ['recv_us', (trade) => trade.recv_us],
  ['source', (trade) => trade.source],
]

const TOLD = { columns: COLUMNS, holes: true }
const ORDER =
  'in the order of (event_us, trade_id); from and to mean event_us, and meta.holes tells of which times trades are missing'

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/trades',
  tags: ['The record'],
  summary: 'A market’s trades',
  ...scoped('history'),
  request: { params: tickerParam, query: z.strictObject({ ...rangeParams, ...listParams }) },
  responses: listAnswers(
    `The market’s trades ${ORDER}`,
    wireTrade,
    EXAMPLE,
    ['not_found', 'range_not_covered', 'range_too_large'],
    TOLD,
  ),
})

const allRoute = createRoute({
  method: 'get',
  path: '/v1/trades',
  tags: ['The record'],
  summary: 'The trades of all markets, of some, or of an event',
  ...scoped('history'),
  request: {
    query: z.strictObject({
      tickers: tickersParam.optional(),
      event: tickerOf('event').optional(),
      ...rangeParams,
      ...listParams,
    }),
  },
  responses: listAnswers(
    `Trades ${ORDER}`,
    wireTrade,
    EXAMPLE,
    ['not_found', 'range_not_covered', 'range_too_large'],
    TOLD,
  ),
})

/** `GET /v1/markets/{ticker}/trades` and `GET /v1/trades`. */
export function addTrades(app: OpenAPIHono<App>): void {
  app.openapi(route, (c) => {
    const { ticker } = c.req.valid('param')
    const { cursor, limit, ...query } = c.req.valid('query')
    const list = { route: route.path, params: { ticker, ...query }, asked: { cursor, limit } }
    return answerTrades(c, list, query, (sql) => marketsOf(sql, [ticker]))
  })
  app.openapi(allRoute, (c) => {
    const { cursor, limit, tickers, event, ...query } = c.req.valid('query')
    if (tickers !== undefined && event !== undefined) {
      const message = 'is not given beside tickers'
      return refuse(c, { code: 'invalid_param', param: 'event', message })
    }
    const params = { tickers: tickers?.join(), event, ...query }
    const list = { route: allRoute.path, params, asked: { cursor, limit } }
    return answerTrades(c, list, query, async (sql) => {
      if (tickers !== undefined) return marketsOf(sql, tickers)
      return event === undefined ? null : marketsOfEvent(sql, event)
    })
  })
}

type Query = {
  readonly from?: Micros | undefined
  readonly to?: Micros | undefined
  readonly order: 'asc' | 'desc'
}
type TradeList = {
  readonly route: string
  readonly params: Readonly<Record<string, string | number | undefined>>
  readonly asked: Asked
}
/** Whose trades are asked for: null for everybody's. */
type Whose = readonly TradedMarket[] | null | ApiError

async function answerTrades(
  c: Context<App>,
  list: TradeList,
  query: Query,
  whose: (sql: Sql) => Promise<Whose>,
): Promise<Response> {
  const wrong = rangeFault(query.from, query.to, nowUs())
  if (wrong !== null) return refuse(c, wrong)
  const read = await readFrom(c, query)
  if (!read.ok) return refuse(c, read.error)
  const { from } = read
  return answerList(c, {
    ...list,
    cost: 'rows',
    wire: ({ trade }: StoredTrade) => printTrade(trade),
    position: positionOf,
    columns: COLUMNS,
    open: async (sql, start) => {
      const markets = await whose(sql)
      if (markets !== null && 'code' in markets) return { ok: false, error: markets }
      return openTrades(sql, start, { ...query, from }, markets)
    },
  })
}

async function openTrades(
  sql: Sql,
  start: ListStart,
  { from, to, order }: Query,
  traded: readonly TradedMarket[] | null,
): Promise<Opened<StoredTrade>> {
  const first = Math.min(...(traded ?? [{ from: 0 }]).map((market) => market.from)) as Micros
  const read = tradedRange(await readTradeRecord(sql), { from, to }, first, nowUs())
  if (!read.ok) return read
  const { range, bounded, holes, throughUs } = read
  const markets = traded?.map(({ id }) => id) ?? null
  const batches = byWindow(start, {
    ...range,
    order,
    throughUs,
    // Of several markets all trades of a window are read, however few are shown of them.
    spanUs: markets !== null && markets.length > 1 ? HOUR_US : 24 * HOUR_US,
    position: positionOf,
    placeAt: (us) => [String(us), '', '0'],
    read: async (window, place, limit) => {
      const after = place && placeOf(place)
      const found = await listTrades(sql, { ...window, markets, after, order, limit })
      requireKept(window, found.keptFromUs)
      return { rows: found.trades, load: found.trades.length / ROWS }
    },
  })
  return { ok: true, range: bounded, batches, holes: printHoles(holes) }
}

function positionOf({ marketId, trade }: StoredTrade): CursorPosition {
  return [String(trade.event), printCursorWord(trade.tradeId), String(marketId)]
}

function placeOf([event, id = '', market]: CursorPosition): TradePlace {
  return {
    eventUs: Number(event) as Micros,
    tradeId: parseCursorWord(id),
    marketId: Number(market),
  }
}

async function marketsOf(sql: Sql, tickers: readonly string[]): Promise<Whose> {
  const found = await tradedMarkets(sql, tickers)
  const missing = tickers.find((ticker) => found.every((market) => market.ticker !== ticker))
  return missing === undefined ? found : noSuch('market', missing)
}

async function marketsOfEvent(sql: Sql, event: string): Promise<Whose> {
  const found = await tradedInEvent(sql, event, MOST_MARKETS + 1)
  if (found.length === 0) return noSuch('event', event)
  if (found.length <= MOST_MARKETS) return found
  const message = `has more than ${MOST_MARKETS} markets; name some of them by tickers`
  return { code: 'range_too_large', param: 'event', message }
}
