import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import type { Epoch } from '#core/log'
import type { MarketState } from '#core/market-life'
import type { MarketLog } from '#core/market-log'
import type { Standing } from '#core/market-standing'
import { shardOf } from '#core/shard'
import type { Ticker } from '#core/ticker'
import type { Trade } from '#core/trade'
import { printListing } from '#core/wire/directory'
import type { FeedBeat } from '#core/wire/feed'
import { printStatus } from '#core/wire/status'
import type { Clock } from './clock.ts'
import type { CollectorConfig } from './config.ts'
import { FeedLink } from './feed-link.ts'
import { FeedOutbox } from './feed-outbox.ts'
import { Listings } from './listings.ts'
import { ToldHole } from './told-hole.ts'

export type PublisherOptions = {
  readonly config: Pick<
    CollectorConfig,
    'FEED_URL' | 'FEED_TOKEN' | 'FEED_SHARDS' | 'FEED_ENV' | 'FEED_QUEUE'
  >
  readonly epoch: Epoch
  readonly lease: string
  readonly logs: ReadonlyMap<Ticker, MarketLog>
  readonly clock: Clock
  /** Where a market stands now; null when it is not known. */
  readonly stateOf: (market: Ticker) => MarketState | null
  readonly superseded: (highest: number) => void
}

/** Markets whose shard is remembered; markets come and go for ever. */
const REMEMBERED = 200_000

type Shard = { readonly outbox: FeedOutbox; readonly link: FeedLink }

/** Brings what is new of watched markets to their shards, and of the directory to all; it waits for nothing and nobody. */
export class Publisher {
  readonly #shards: readonly Shard[]
  readonly #shardOf = new Map<Ticker, number>()
  readonly #listings = new Listings((text) => this.#tell(text))
  readonly #hole = new ToldHole((text) => this.#tell(text))

  constructor(options: PublisherOptions) {
    const { config, epoch, lease, logs, superseded, stateOf, clock } = options
    const { FEED_SHARDS: shards, FEED_ENV: env, FEED_TOKEN: token, FEED_QUEUE: bound } = config
    const address = `${config.FEED_URL.replace(/\/$/, '')}/`
    const statusOf = (market: Ticker) => {
      const state = stateOf(market)
      return state === null ? null : JSON.stringify(printStatus(state, null, clock()))
    }
    const opening = () => [...this.#listings.again(Date.now()), ...this.#hole.again()]
    this.#shards = Array.from({ length: shards }, (_, shard) => {
      const outbox = new FeedOutbox({ logs, bound, statusOf })
      const hello = { env, epoch, lease, shard, shards }
      const link = new FeedLink({ address, token, hello, outbox, superseded, opening })
      return { outbox, link }
    })
  }

  /** Shards that have greeted us. */
  get open(): number {
    return this.#shards.filter(({ link }) => link.open).length
  }

  get watched(): number {
    return this.#shards.reduce((sum, { outbox }) => sum + outbox.watched, 0)
  }

  add(records: readonly MarketRecord[]): void {
    for (const { market, record } of records) {
      const shard = this.#of(market)
      if (shard?.outbox.add(market, record)) shard.link.wake()
    }
  }

  trade(trade: Trade): void {
    const shard = this.#of(trade.market)
    if (shard?.outbox.trade(trade)) shard.link.wake()
  }

  /** A market stands elsewhere than before: who watches it is told how it turned, and all of its listing. */
  stands({ state, listedAnew, turned, event, recv }: Standing): void {
    if (listedAnew) this.#listings.add(printListing(state))
    if (!turned) return
    const shard = this.#of(state.ticker)
    const status = () => JSON.stringify(printStatus(state, event, recv))
    if (shard?.outbox.status(state.ticker, status)) shard.link.wake()
  }

  /** Trades do not come by the stream. @param from the last moment for which we have them */
  tradesLost(from: Micros): void {
    this.#hole.lost(from)
  }

  /** Every trade from `at` on comes by the stream. */
  tradesResumed(at: Micros): void {
    this.#hole.resumed(at)
  }

  /** Tells every shard that we live, and how the exchange's feed does. */
  beat(beat: FeedBeat): void {
    for (const { link } of this.#shards) link.beat(beat)
  }

  stop(): void {
    this.#listings.flush()
    for (const { link } of this.#shards) link.stop()
  }

  #tell(text: string): void {
    for (const { link } of this.#shards) link.tell(text)
  }

  #of(market: Ticker): Shard | undefined {
    const known = this.#shardOf.get(market)
    if (known !== undefined) return this.#shards[known]
    const shard = shardOf(market, this.#shards.length)
    if (this.#shardOf.size >= REMEMBERED) this.#shardOf.clear()
    this.#shardOf.set(market, shard)
    return this.#shards[shard]
  }
}
