import type { TokenBucket } from './token-bucket.ts'

/** Channels that the exchange has but on which nothing happens here. */
export const QUIET_CHANNELS: readonly string[] = [
  'fill',
  'market_positions',
  'user_orders',
  'order_group_updates',
  'communications',
  'multivariate_market_lifecycle',
]

const WITHOUT_SEQ = ['ticker', 'fill', 'market_positions', 'user_orders']

/** One subscription: a channel of one connection. All its markets share one counter. */
export class Subscription {
  readonly sid: number
  readonly channel: string
  /** goes up when other markets are wanted than before */
  version = 0
  #tickers: Set<string> | null
  useYesPrice: boolean
  skipTickerAck: boolean
  readonly commands: TokenBucket
  #seq = 0

  constructor(sid: number, channel: string, tickers: Set<string> | null, commands: TokenBucket) {
    this.sid = sid
    this.channel = channel
    this.#tickers = tickers
    this.useYesPrice = false
    this.skipTickerAck = false
    this.commands = commands
  }

  /** The markets that are wanted; null: every market. */
  get tickers(): ReadonlySet<string> | null {
    return this.#tickers
  }

  /** Wants these markets too. */
  add(tickers: Iterable<string>): void {
    for (const ticker of tickers) this.#tickers?.add(ticker)
    this.version += 1
  }

  /** Does not want these markets any more. */
  remove(tickers: Iterable<string>): void {
    for (const ticker of tickers) this.#tickers?.delete(ticker)
    this.version += 1
  }

  /** Wants every market. */
  widen(): void {
    this.#tickers = null
    this.version += 1
  }

  /** Whether the frames of this channel bear a seq. */
  get isSequenced(): boolean {
    return !WITHOUT_SEQ.includes(this.channel)
  }

  /** Takes the next seq; null on a channel whose frames have none. */
  next(): number | null {
    return this.isSequenced ? this.take() : null
  }

  /** Takes the next number even where frames have none: the exchange numbers every `unsubscribed`. */
  take(): number {
    this.#seq += 1
    return this.#seq
  }

  /** Whether a market's frames are wanted. */
  wants(ticker: string): boolean {
    return this.#tickers === null || this.#tickers.has(ticker)
  }
}
