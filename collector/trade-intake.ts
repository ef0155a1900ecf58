import type { Entry, TradeHole } from '#core/entry'
import type { Micros } from '#core/instant'
import type { ChannelTurn, LookoutFrame } from '#core/lookout'
import { isCombo } from '#core/market-life'
import type { Trade } from '#core/trade'
import type { UnusableFrame } from './aside.ts'
import type { Clock } from './clock.ts'
import type { CollectorConfig } from './config.ts'
import type { KalshiRest } from './kalshi-rest.ts'
import { TradeRefiller } from './trade-refill.ts'
import { tradeOfFrame } from './trades.ts'

export type TradeIntakeOptions = {
  readonly config: Pick<CollectorConfig, 'TRADES_MARGIN_MS' | 'TRADES_AGAIN_MS'>
  readonly rest: Pick<KalshiRest, 'trades'>
  readonly clock: Clock
  /** Intervals of trades that are not filled yet. */
  readonly holes: readonly TradeHole[]
  readonly append: (entries: readonly Entry[]) => void | Promise<void>
  /** Hears of each trade, of the stream or fetched later. */
  readonly trade: (trade: Trade) => void
  /** Trades do not come by the stream, since `from`; and again they do. */
  readonly lost: (from: Micros) => void
  readonly resumed: (at: Micros) => void
  readonly aside: UnusableFrame
}

/** The trades that are recorded: as the stream brings them, and what it did not bring, fetched later. */
export class TradeIntake {
  readonly #options: TradeIntakeOptions
  readonly #refiller: TradeRefiller

  constructor(options: TradeIntakeOptions) {
    this.#options = options
    const { config, rest, clock, append, trade } = options
    const hear = (entries: readonly Entry[]) => {
      for (const entry of entries) if (entry.kind === 'trade') trade(entry.trade)
      return append(entries)
    }
    this.#refiller = new TradeRefiller(
      {
        trades: (query) => rest.trades(query),
        append: hear,
        keeps: (market) => !isCombo(market),
        clock,
        marginMs: config.TRADES_MARGIN_MS,
        againMs: config.TRADES_AGAIN_MS,
      },
      options.holes,
    )
  }

  /** @param through the last moment for which an earlier epoch had the exchange's trades; null when there was none */
  start(through: Micros | null): void {
    this.#refiller.start()
    if (through !== null) this.#refiller.lost(through)
    this.#options.lost(through ?? this.#options.clock())
  }

  /** Breaks off what is under way; holes stay in the store for the next start. */
  stop(): Promise<void> {
    return this.#refiller.stop()
  }

  frame(frame: Extract<LookoutFrame, { kind: 'trade' }>, now: Micros): void {
    if (isCombo(frame.market)) return
    const trade = tradeOfFrame(frame, now)
    if (trade === null) {
      const text = JSON.stringify(frame)
      this.#options.aside('malformed', text, frame.market, 'the id of a trade')
      return
    }
    // What is told is not waited for: the spool may refuse, and then ends the connections.
    this.#options.trade(trade)
    void this.#options.append([{ kind: 'trade', trade }])
  }

  /** The trade channel is away, or back. */
  turn(state: ChannelTurn['state']): void {
    if (state.kind === 'lost') {
      this.#refiller.lost(state.from)
      this.#options.lost(state.from)
    } else {
      this.#refiller.resumed(state.at)
      this.#options.resumed(state.at)
    }
  }
}
