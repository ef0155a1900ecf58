import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Sql } from 'postgres'
import { rangeFault } from '#core/asked-instant'
import { CANDLE_INTERVALS, type CandleInterval, type CandleParts, candlesOf } from '#core/candle'
import type { Micros } from '#core/instant'
import { finalBuckets, isWhole } from '#core/trade-holes'
import {
  CANDLE_COLUMNS,
  printCandle,
  type TimedCandle,
  type WireCandle,
  wireCandle,
} from '#core/wire/candle'
import { printHoles } from '#core/wire/trade'
import { answerList } from '../answer-list.ts'
import { byWindow } from '../by-window.ts'
import type { App } from '../context.ts'
import { listAnswers } from '../describe-read.ts'
import { readFrom } from '../gate/history.ts'
import type { ListStart, Opened } from '../list.ts'
import { noSuch } from '../no-such.ts'
import { nowUs } from '../now.ts'
import { listParams, rangeParams, tickerParam, wordOrFirst, wordParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { readCandleParts } from '../store/candles.ts'
import { readTradeRecord } from '../store/trade-record.ts'
import { type TradedMarket, tradedMarkets } from '../store/traded-markets.ts'
import { requireKept, tradedRange } from '../traded-range.ts'

const DAY_US = 86_400_000_000
/** So many trades and candles are what one statement should fold. */
const TRADES = 200_000
const CANDLES = 5000
/** So many may be busy after many that were quiet: one statement folds them too. */
const BUCKETS = 8 * CANDLES
const INTERVALS = Object.keys(CANDLE_INTERVALS) as [CandleInterval, ...CandleInterval[]]

const EXAMPLE: WireCandle = {
  start_us: 1795345860000000,
  open: '0.4200',
  high: '0.4300',
  low: '0.4100',
  close: '0.4300',
  volume: '182.12',
  trades: 3,
  vwap: '0.421508',
  bid: ['0.4200', '900.00'],
  ask: ['0.4300', '850.00'],
  open_interest: '66618.00',
  gap_seconds: 0,
  final: true,
}

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/candles',
  tags: ['The record'],
  summary: 'A market’s candles',
  ...scoped('history'),
  request: {
    params: tickerParam,
    query: z.strictObject({
      interval: wordParam(INTERVALS, 'How long a bucket is; days begin at midnight UTC'),
      blocks: wordOrFirst(['exclude', 'include'], 'Whether block trades count'),
      ...rangeParams,
      ...listParams,
    }),
  },
  responses: listAnswers(
    'Candles in yes prices of the buckets that begin in the range and in which a trade fell or a quote changed. What is under way is told, and not final; meta.holes tells of which times trades are missing',
    wireCandle,
    EXAMPLE,
    ['not_found', 'range_not_covered', 'range_too_large'],
    { columns: CANDLE_COLUMNS, holes: true },
  ),
})

type Query = z.infer<typeof route.request.query>

/** `GET /v1/markets/{ticker}/candles`. */
export function addCandles(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { ticker } = c.req.valid('param')
    const { cursor, limit, ...query } = c.req.valid('query')
    const wrong = rangeFault(query.from, query.to, nowUs())
    if (wrong !== null) return refuse(c, wrong)
    const read = await readFrom(c, query)
    if (!read.ok) return refuse(c, read.error)
    const { from } = read
    return answerList(c, {
      route: route.path,
      params: { ticker, ...query },
      cost: 'rows',
      asked: { cursor, limit },
      wire: printCandle,
      position: positionIn(query.order),
      columns: CANDLE_COLUMNS,
      open: async (sql, start) => {
        const [market] = await tradedMarkets(sql, [ticker])
        if (market === undefined) return { ok: false, error: noSuch('market', ticker) }
        return openCandles(sql, start, { ...query, from }, market)
      },
    })
  })
}

async function openCandles(
  sql: Sql,
  start: ListStart,
  { from, to, order, interval, blocks }: Query,
  market: TradedMarket,
): Promise<Opened<TimedCandle>> {
  const intervalUs = CANDLE_INTERVALS[interval]
  const record = await readTradeRecord(sql, ['trades', 'quotes'])
  // The last bucket is told whole.
  const whole = { from, to: to && up(to, intervalUs) }
  const read = tradedRange(record, whole, market.from, nowUs())
  if (!read.ok) return read
  const isFinal = (bucketUs: Micros) => {
    return isWhole(record, { fromUs: bucketUs, toUs: (bucketUs + intervalUs) as Micros })
  }
  const batches = byWindow<TimedCandle>(start, {
    ...bucketsWithin(read.range, from, intervalUs),
    order,
    alignUs: intervalUs,
    spanUs: Math.max(DAY_US, 32 * intervalUs),
    mostUs: BUCKETS * intervalUs,
    throughUs: finalBuckets(read.throughUs, intervalUs),
    position: positionIn(order),
    placeAt: (us) => [String(order === 'asc' ? us : us - 1)],
    read: async ({ fromUs, toUs }, _, limit) => {
      const buckets = { fromUs: up(fromUs, intervalUs), toUs: up(toUs, intervalUs) }
      if (buckets.fromUs >= buckets.toUs) return { rows: [], load: 0 }
      const parts = await readCandleParts(sql, market, { ...buckets, intervalUs, blocks })
      requireKept(buckets, parts.keptFromUs)
      const rows = candlesOf(parts, intervalUs).map((each) => ({
        ...each,
        final: isFinal(each.start),
      }))
      const wanted = order === 'asc' ? rows : rows.reverse()
      return { rows: wanted.slice(0, limit), load: loadOf(parts, rows.length) }
    },
  })
  const { fromUs, toUs } = read.bounded
  const range = { fromUs, toUs: Math.min(to ?? toUs, toUs) as Micros }
  return { ok: true, range, batches, holes: printHoles(read.holes) }
}

/** A place stands between buckets: the next one begins at it or later, or, downwards, at it or earlier. */
function positionIn(order: 'asc' | 'desc') {
  return ({ start }: TimedCandle) => [String(order === 'asc' ? start + 1 : start - 1)]
}

/** The buckets that begin in a range; where none was given, from the bucket that holds its beginning on. */
function bucketsWithin(
  { fromUs, toUs }: { readonly fromUs: Micros; readonly toUs: Micros },
  from: Micros | undefined,
  intervalUs: number,
) {
  const begins = Math.max(fromUs - intervalUs + 1, from ?? 0) as Micros
  return { fromUs: up(begins, intervalUs), toUs }
}

function loadOf({ sums }: CandleParts, candles: number): number {
  const trades = [...sums.values()].reduce((sum, each) => sum + each.trades, 0)
  return Math.max(trades / TRADES, candles / CANDLES)
}

/** The first start of a bucket at or after a moment. */
function up(us: Micros, intervalUs: number): Micros {
  return (Math.ceil(us / intervalUs) * intervalUs) as Micros
}
