import type { WireTrade } from '#core/wire/trade'
import type { Connection } from './gateway-connection.ts'
import type { Seat } from './gateway-seat.ts'
import { type Connect, MissedRecords } from './missed-records.ts'
import { MissedTrades } from './missed-trades.ts'

/** Markets of which records are looked for at once; who comes then gets an image. */
const SOUGHT = 200
/** So many trades are told at once, and after so long (ms) the next ones: they go beside what comes live. */
const TRADES = 200
const PAUSE_MS = 10

/** Looks in the store for what those missed who come back. */
export class Recovery {
  readonly #records: MissedRecords
  readonly #trades: MissedTrades
  #sought = 0

  /** @param connect to the store */
  constructor(connect: Connect) {
    this.#records = new MissedRecords(connect)
    this.#trades = new MissedTrades(connect)
  }

  /** Looks for the records that a seat missed after `have`. @returns whether it does; the seat is told */
  seek(seat: Seat, have: number): boolean {
    const { live, ticker } = seat.market
    if (live.seq === null || this.#sought >= SOUGHT) return false
    this.#sought += 1
    const missed = { ticker, after: have, until: live.seq }
    void this.#records.read(missed, Date.now() * 1000).then((answer) => {
      this.#sought -= 1
      seat.found(answer.kind === 'found' ? answer.messages : null)
    })
    return true
  }

  /** Tells the trades that a subscription missed after a moment (µs), or that some are missing. */
  async tellTrades(connection: Connection, sub: number, afterUs: number): Promise<void> {
    const markets = [...connection.subscriptions.members(sub)]
    const span = { afterUs, untilUs: Date.now() * 1000 }
    const { trades, gaps } = await this.#trades.read(markets, span)
    for (const gap of gaps) connection.tellHole(gap)
    for (let at = 0; at < trades.length && connection.isOpen; at += TRADES) {
      if (at > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      for (const trade of trades.slice(at, at + TRADES)) tell(connection, trade)
    }
  }
}

function tell(connection: Connection, trade: WireTrade): void {
  connection.takeTrade(JSON.stringify(trade), trade)
}
