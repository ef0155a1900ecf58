import { minuteOf } from '#core/market-minutes'
import type { RecentTrades } from '#core/recent-trades'
import { rowsOf } from '#core/wire/stream-message'
import type { WireTrade } from '#core/wire/trade'
import type { Connection } from './gateway-connection.ts'
import type { Seat } from './gateway-seat.ts'
import { type Connect, MissedRecords } from './missed-records.ts'
import { MissedTrades } from './missed-trades.ts'

/** Records that were found and are not sent yet, over all seats: some twenty megabytes. Who has no room gets an image. */
const FOUND_ROWS = 100_000
/** So many trades are told at once, and after so long (ms) the next ones: they go beside what comes live. */
const TRADES = 200
const PAUSE_MS = 10

/** Looks for what those missed who come back: trades in what came of late, and all else in the store. */
export class Recovery {
  readonly #records: MissedRecords
  readonly #trades: MissedTrades
  readonly #recent: RecentTrades
  #rows = 0

  /** @param connect to the store */
  constructor(connect: Connect, recent: RecentTrades) {
    this.#records = new MissedRecords(connect)
    this.#trades = new MissedTrades(connect)
    this.#recent = recent
  }

  /**
   * Looks for the records that a seat missed; the seat is told.
   * @param after the seq that it has
   * @param until the last seq that it missed
   */
  async seek(seat: Seat, after: number, until: number): Promise<void> {
    const missed = { ticker: seat.market.ticker, after, until }
    const answer = await this.#records.read(missed, Date.now() * 1000)
    const messages = answer.kind === 'found' ? answer.messages : null
    const rows = (messages ?? []).reduce((sum, each) => sum + rowsOf(each), 0)
    if (messages === null || this.#rows + rows > FOUND_ROWS) {
      seat.found(after, null)
      return
    }
    this.#rows += rows
    const release = () => {
      this.#rows -= rows
    }
    if (!seat.found(after, messages, release)) release()
  }

  /** Tells the trades that a subscription missed after a moment (µs of event time), and of which times some may be missing. */
  async tellTrades(connection: Connection, sub: number, afterUs: number): Promise<void> {
    const markets = [...connection.subscriptions.members(sub)]
    const span = { afterUs, untilUs: Date.now() * 1000 }
    const held = this.#recent.after(markets, afterUs)
    const sought = markets.filter((market) => (held.get(market)?.whole ?? span.untilUs) > afterUs)
    const { trades, gaps } = await this.#trades.read(sought, span)
    // What came live meanwhile the connection was told already; what was held before may be held no more.
    const kept = [...held.values(), ...this.#recent.after(markets, afterUs).values()]
    const recent = kept.flatMap((each) => each.trades)
    const missed = [...trades, ...recent].filter((trade) => !connection.knows(trade))
    missed.sort(inOrder)
    for (let at = 0; at < missed.length && connection.isOpen; at += TRADES) {
      if (at > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      for (const trade of missed.slice(at, at + TRADES)) {
        const seat = connection.seats.get(trade.market)
        if (!seat?.channels.has('trade')) continue
        const isTold = connection.takeTrade(JSON.stringify(trade), trade)
        if (isTold) seat.count(minuteOf(Date.now() * 1000))
      }
    }
    for (const gap of gaps) connection.tellHole(gap)
  }
}

function inOrder(a: WireTrade, b: WireTrade): number {
  return a.event_us - b.event_us || (a.trade_id < b.trade_id ? -1 : 1)
}
