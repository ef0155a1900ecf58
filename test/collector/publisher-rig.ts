import type { Micros } from '#core/instant'
import type { BookRecord, Ladders } from '#core/log'
import type { MarketState } from '#core/market-life'
import { MarketLog } from '#core/market-log'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'
import type { Ticker } from '#core/ticker'
import type { Trade } from '#core/trade'
import { setLogLevel } from '../../collector/log-event.ts'
import { Publisher } from '../../collector/publisher.ts'
import { epoch, must } from '../core/arbitraries.ts'
import { until } from '../until.ts'
import { type ScriptedShard, startShard } from './scripted-shard.ts'

/** A publisher of made-up markets, and a shard that it feeds. */
export class PublisherRig {
  readonly shard: ScriptedShard
  readonly publisher: Publisher
  readonly logs = new Map<Ticker, MarketLog>()
  readonly states = new Map<Ticker, MarketState>()
  #now = 1_000_000

  constructor(shard: ScriptedShard, queue: number) {
    setLogLevel('silent')
    this.shard = shard
    this.publisher = new Publisher({
      config: {
        FEED_URL: shard.url,
        FEED_TOKEN: 'a token of tests',
        FEED_SHARDS: 1,
        FEED_ENV: 'test',
        FEED_QUEUE: queue,
      },
      epoch: epoch(8),
      lease: 'lease',
      logs: this.logs,
      clock: () => this.now(),
      stateOf: (market) => this.states.get(market) ?? null,
      superseded: () => {},
    })
  }

  /** A moment after all moments before it. */
  now(): Micros {
    this.#now += 1
    return this.#now as Micros
  }

  log(market: string): MarketLog {
    const ticker = market as Ticker
    const log = this.logs.get(ticker) ?? new MarketLog(epoch(8), null)
    this.logs.set(ticker, log)
    return log
  }

  /** A market whose book has so many levels a side. */
  open(market: string, levels = 1): void {
    const side = Array.from({ length: levels }, (_, i) => [400_000 - i, 500] as [Price, Size])
    this.publish(market, this.log(market).snapshot({ yes: side, no: side } as Ladders, this.now()))
  }

  publish(market: string, ...records: readonly (BookRecord | null)[]): void {
    const made = records.map((record) => ({ market: market as Ticker, record: must(record) }))
    this.publisher.add(made)
  }

  /** Adds to the best bid, so many times, each a record of its own. */
  change(market: string, times = 1): void {
    for (let i = 0; i < times; i += 1) {
      const change = 100 as SizeChange
      const made = this.log(market).delta('yes', 400_000 as Price, change, null, this.now())
      if (made.kind !== 'recorded') throw new Error(made.kind)
      this.publish(market, made.record)
    }
  }

  trade(market: string, tradeId: string): void {
    const at = this.now()
    const trade = { market: market as Ticker, tradeId, price: 400_000 as Price, size: 100 as Size }
    const more = { taker: 'yes', block: false, event: at, recv: at, source: 'stream' } as const
    this.publisher.trade({ ...trade, ...more } satisfies Trade)
  }

  /** Where a market stands, as the universe has it. */
  stand(market: string, status: string): MarketState {
    const ticker = market as Ticker
    const none = { open: null, close: null, result: null, value: null, grid: null, told: null }
    const state = { ticker, event: 'EVENT', series: 'SERIES', status, volume: 0, ...none }
    this.states.set(ticker, state)
    return state
  }

  /** Waits until the shard's books are ours. */
  agree(): Promise<void> {
    return until('the shard’s books are ours', () =>
      this.shard.watched.every((market) => {
        const state = this.shard.books.get(market)?.state
        return state?.kind === 'known' && state.seq === this.log(market).last
      }),
    )
  }

  async stop(): Promise<void> {
    this.publisher.stop()
    await this.shard.stop()
  }
}

/** Starts both; the shard watches some markets from its greeting on. */
export async function openPublisher(
  watched: readonly string[] = [],
  queue = 20_000,
): Promise<PublisherRig> {
  const shard = await startShard()
  shard.watched = [...watched]
  const rig = new PublisherRig(shard, queue)
  for (const market of watched) rig.open(market)
  await until('the shard greeted us', () => rig.publisher.open === 1)
  return rig
}
