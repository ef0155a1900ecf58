import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shardName } from '#core/shard'
import { DEVELOPMENT_ACCOUNT } from '../../local/development-key.ts'
import { freePort } from '../../local/free-port.ts'
import { type Product, startProduct } from '../../local/product.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import type { TrueTrade } from '../../simulator/observer.ts'
import { openRelay, type Relay } from '../relay.ts'
import { until } from '../until.ts'

const SHARDS = 2
/** Few markets are busy, and none is quiet. */
const SKEW = 0.5
/** An object has something under way for so long at most, on a busy machine. */
const EVICTION_MS = 20_000
/** A collector that was killed is followed by the next within a second or two. */
const COLLECTOR = {
  RECOVERY_MS: '500',
  CONNECTIONS: '2',
  LEASE_RENEW_MS: '300',
  LEASE_MS: '1000',
  LEASE_TAKEOVER_MS: '1500',
  LEASE_LOOK_MS: '100',
}

/** An object of the Worker, by its class and name. */
export type ObjectName = { readonly className: string; readonly name: string }

/** The whole product before an exchange, each part of which can be hurt. */
export class LiveRig {
  readonly exchange: Exchange
  readonly product: Product
  /** Between the collector and the shards. */
  readonly feed: Relay
  readonly trades: TrueTrade[] = []
  readonly socketUrl: string
  readonly #dir: string
  readonly #deaf: () => void
  #evictions = 0

  private constructor(exchange: Exchange, product: Product, feed: Relay, dir: string) {
    this.exchange = exchange
    this.product = product
    this.feed = feed
    this.socketUrl = product.url.replace(/^http/, 'ws')
    this.#dir = dir
    this.#deaf = exchange.onTrade((trade) => this.trades.push(trade))
  }

  /** Starts it at rest. Throws when a part does not start. */
  static async start(options: { markets: number; rate: number; seed: number }): Promise<LiveRig> {
    const dir = await mkdtemp(join(tmpdir(), 'kalshibook-live-'))
    await chmod(dir, 0o755)
    const exchange = await startExchange({ ...options, skew: SKEW, paused: true })
    const port = await freePort()
    const feed = await openRelay(`ws://127.0.0.1:${port}/internal/feed`)
    const env = {
      KALSHI_WS_URL: exchange.wsUrl,
      KALSHI_REST_URL: exchange.restUrl,
      KALSHI_KEY_ID: exchange.keyId,
      KALSHI_PRIVATE_KEY: exchange.privateKeyPem,
    }
    const none = { kind: 'none' } as const
    const given = {
      ...{ port, dataDir: dir, fresh: false, json: true, shards: SHARDS },
      ...{ databaseUrl: null, supabase: none, stripe: none },
      exchange: { kind: 'given', env } as const,
    }
    const overrides = {
      collector: { ...COLLECTOR, FEED_URL: feed.url },
      worker: { FRAGILE_WORKER: 'test/worker/fragile-worker.ts' },
    }
    const product = await startProduct(given, overrides).catch(async (error: unknown) => {
      await Promise.all([exchange.close(), feed.stop(), rm(dir, { recursive: true, force: true })])
      throw error
    })
    return new LiveRig(exchange, product, feed, dir)
  }

  /** The objects that can be evicted: every shard, the book of each market given. */
  objects(markets: readonly string[]): Record<'shards' | 'books', ObjectName[]> {
    return {
      shards: Array.from({ length: SHARDS }, (_, shard) => ({
        className: 'FeedShard',
        name: shardName(shard, SHARDS),
      })),
      books: markets.map((name) => ({ className: 'MarketBook', name })),
    }
  }

  /** Takes an object out of memory. @returns what went wrong, null for nothing */
  async evict(object: ObjectName, sockets: 'hibernate' | 'close'): Promise<string | null> {
    this.#evictions += 1
    const { promise: late, resolve } = Promise.withResolvers<string>()
    const timer = setTimeout(resolve, EVICTION_MS, `not done in ${EVICTION_MS} ms`)
    const done = this.product.worker
      .ask(`evict ${this.#evictions}`, { ...object, sockets })
      .then(({ problem }) => problem as string | null)
    const problem = await Promise.race([done, late])
    clearTimeout(timer)
    return problem
  }

  /** Ends the Gateway of the only account, with its sockets: one that has customers is never evicted. */
  async crashGateway(): Promise<string | null> {
    const { ok, status } = await fetch(`${this.product.url}/crash/gateway/${DEVELOPMENT_ACCOUNT}`)
    return ok ? null : `answered ${status}`
  }

  /** Ends workerd and runs it anew, as a deploy does. @returns what went wrong, null for nothing */
  async restartWorker(): Promise<string | null> {
    return (await this.product.worker.ask('restart'))['problem'] as string | null
  }

  /** Ends the collector and starts the next. */
  async restartCollector(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const collector = this.product.collector()
    collector.kill(signal)
    await collector.ended
    await this.product.startCollector()
  }

  /** Waits until the collector holds every book of the exchange, which must be at rest. */
  async settle(): Promise<void> {
    const truth = this.exchange.checksums()
    await until('the collector holds the exchange’s books', async () => {
      const { checksums } = await this.product.collector().ask('checksums')
      const held = checksums as Record<string, number | null>
      return Object.entries(truth).every(([market, sum]) => held[market] === sum)
    })
  }

  async stop(): Promise<void> {
    this.#deaf()
    await this.product.stop()
    await this.feed.stop()
    await this.exchange.close()
    await rm(this.#dir, { recursive: true, force: true })
  }
}
