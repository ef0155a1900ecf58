import type { MarketRecord } from '#core/ingest'
import type { Epoch } from '#core/log'
import type { MarketLog } from '#core/market-log'
import { shardOf } from '#core/shard'
import type { Ticker } from '#core/ticker'
import type { FeedBeat } from '#core/wire/feed'
import type { CollectorConfig } from './config.ts'
import { FeedLink } from './feed-link.ts'
import { FeedOutbox } from './feed-outbox.ts'

export type PublisherOptions = {
  readonly config: CollectorConfig
  readonly epoch: Epoch
  readonly lease: string
  readonly logs: ReadonlyMap<Ticker, MarketLog>
  readonly superseded: (highest: number) => void
}

/** Markets whose shard is remembered; markets come and go for ever. */
const REMEMBERED = 200_000

type Shard = { readonly outbox: FeedOutbox; readonly link: FeedLink }

/** Brings the records of watched markets to their shards; it waits for nothing and nobody. */
export class Publisher {
  readonly #shards: readonly Shard[]
  readonly #shardOf = new Map<Ticker, number>()

  constructor({ config, epoch, lease, logs, superseded }: PublisherOptions) {
    const { FEED_SHARDS: shards, FEED_ENV: env } = config
    const address = `${config.FEED_URL.replace(/\/$/, '')}/`
    this.#shards = Array.from({ length: shards }, (_, shard) => {
      const outbox = new FeedOutbox(logs, config.FEED_QUEUE)
      const hello = { env, epoch, lease, shard, shards }
      const link = new FeedLink({ address, token: config.FEED_TOKEN, hello, outbox, superseded })
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
      const shard = this.#shards[this.#shard(market)]
      if (shard?.outbox.add(market, record)) shard.link.wake()
    }
  }

  /** Tells every shard that we live, and how the exchange's feed does. */
  beat(beat: FeedBeat): void {
    for (const { link } of this.#shards) link.beat(beat)
  }

  stop(): void {
    for (const { link } of this.#shards) link.stop()
  }

  #shard(market: Ticker): number {
    const known = this.#shardOf.get(market)
    if (known !== undefined) return known
    const shard = shardOf(market, this.#shards.length)
    if (this.#shardOf.size >= REMEMBERED) this.#shardOf.clear()
    this.#shardOf.set(market, shard)
    return shard
  }
}
