import type { BookChange, FloorListener, LifeEvent, Trade } from './floor.ts'
import { printDelta, printTicker, printTrade } from './frames.ts'
import { isCombo, type Market } from './market.ts'
import type { Session } from './session.ts'

/** Tells every connection what it subscribed to; a `msg` is printed once for all of them. */
export class Broadcast implements FloorListener {
  readonly #sessions: ReadonlySet<Session>

  constructor(sessions: ReadonlySet<Session>) {
    this.#sessions = sessions
  }

  changed(change: BookChange): void {
    let native: string | undefined
    let yesPrice: string | undefined
    for (const session of this.#sessions) {
      const subscription = session.on('orderbook_delta')
      if (subscription?.wants(change.market.ticker) !== true) continue
      if (change.kind === 'snapshot') {
        session.sendSnapshot(subscription, change.market.ticker)
      } else if (subscription.useYesPrice) {
        yesPrice ??= printDelta(change, true)
        session.sendDelta(subscription, change, yesPrice)
      } else {
        native ??= printDelta(change, false)
        session.sendDelta(subscription, change, native)
      }
    }
  }

  traded(trade: Trade): void {
    this.#send('trade', 'trade', trade.market, () => printTrade(trade))
  }

  quoted(market: Market, atUs: number): void {
    this.#send('ticker', 'ticker', market, () => printTicker(market, atUs))
  }

  lived({ type, market, msg }: LifeEvent): void {
    if (isCombo(market)) return
    this.#send('market_lifecycle_v2', type, market, () => JSON.stringify(msg))
  }

  #send(channel: string, type: string, market: Market, print: () => string): void {
    let msg: string | undefined
    for (const session of this.#sessions) {
      const subscription = session.on(channel)
      if (subscription?.wants(market.ticker) !== true) continue
      msg ??= print()
      if (channel === 'trade') session.stats.trades += 1
      if (channel === 'ticker') session.stats.tickers += 1
      session.sendOther(subscription, type, msg)
    }
  }
}
