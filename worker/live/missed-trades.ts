import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import {
  isRecorded,
  type MissedSpan,
  MOST_MISSED_TRADES,
  missingTrades,
  readsFrom,
} from '#core/missed-trades'
import type { TradeRecord } from '#core/trade-holes'
import { printTrade, type WireTrade } from '#core/wire/trade'
import type { WireTradeHole } from '#core/wire/trade-hole'
import { findMarkets } from '../store/named-markets.ts'
import { readTradeRecord } from '../store/trade-record.ts'
import { listTrades } from '../store/trades.ts'
import type { Connect } from './missed-records.ts'

/** What was missed, in the order (event, trade id), and of which times more may be missing. */
export type MissedTradesAnswer = {
  readonly trades: readonly WireTrade[]
  readonly gaps: readonly WireTradeHole[]
}

/** How long the store has, ms, the time until it is asked included; it is asked again after so long. */
const PATIENCE_MS = 2000
const AGAIN_MS = 100
/** So many are read at once, and wait at most; who comes then is told of a gap. */
const LANES = 2
const WAITING = 200
const LAST = Number.MAX_SAFE_INTEGER

/** Reads from the store the trades that subscribers missed who come back. */
export class MissedTrades {
  readonly #connect: Connect
  readonly #patienceMs: number
  readonly #waiting: (() => void)[] = []
  #reading = 0

  constructor(connect: Connect, patienceMs = PATIENCE_MS) {
    this.#connect = connect
    this.#patienceMs = patienceMs
  }

  /**
   * Reads the trades of markets of event time after a moment; what comes live from `untilUs` on may be among them. Never
   * throws: what cannot be read is a gap.
   */
  read(markets: readonly string[], span: MissedSpan): Promise<MissedTradesAnswer> {
    const nothing = { trades: [], gaps: missingTrades(null, span, span.untilUs) }
    if (markets.length === 0 || span.untilUs <= span.afterUs) {
      return Promise.resolve({ trades: [], gaps: [] })
    }
    if (this.#waiting.length >= WAITING) return Promise.resolve(nothing)
    const end = Date.now() + this.#patienceMs
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(nothing), this.#patienceMs + AGAIN_MS)
      this.#turn(markets, span, end)
        .catch(() => nothing)
        .then((answer) => {
          clearTimeout(timer)
          resolve(answer)
        })
    })
  }

  async #turn(
    markets: readonly string[],
    span: MissedSpan,
    end: number,
  ): Promise<MissedTradesAnswer> {
    if (this.#reading < LANES) this.#reading += 1
    else await new Promise<void>((go) => this.#waiting.push(go))
    try {
      return await this.#connect((sql) => readMissed(sql, markets, span, end))
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#reading -= 1
      else next()
    }
  }
}

async function readMissed(
  sql: Sql,
  tickers: readonly string[],
  span: MissedSpan,
  end: number,
): Promise<MissedTradesAnswer> {
  const markets = (await findMarkets(sql, tickers)).map(({ id }) => id)
  const record = await recordUpTo(sql, span, end)
  const fromUs = readsFrom(span)
  const { trades, keptFromUs } = await listTrades(sql, {
    fromUs: fromUs as Micros,
    toUs: LAST as Micros,
    markets,
    after: null,
    order: 'desc',
    limit: MOST_MISSED_TRADES + 1,
  })
  const oldest = trades.length > MOST_MISSED_TRADES ? trades.at(-1)?.trade.event : undefined
  // Of the last moment that was read some may be left out.
  const whole = oldest === undefined ? fromUs : oldest + 1
  const told = trades.filter(({ trade }) => trade.event >= whole)
  return {
    trades: told.reverse().map(({ trade }) => printTrade(trade)),
    gaps: missingTrades(record, span, Math.max(whole, keptFromUs)),
  }
}

/** What the store holds, once it has all up to the end of the span, or when there is no more time. */
async function recordUpTo(sql: Sql, span: MissedSpan, end: number): Promise<TradeRecord> {
  for (;;) {
    const record = await readTradeRecord(sql)
    if (isRecorded(record, span) || Date.now() + AGAIN_MS > end) return record
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}
