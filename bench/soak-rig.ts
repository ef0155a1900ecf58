import { join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import { PostgresRelay } from '../local/postgres-relay.ts'
import { type Exchange, startExchange } from '../simulator/exchange.ts'
import { type BenchDatabase, benchDatabase } from './bench-database.ts'
import { LagWatch } from './lag-watch.ts'
import { MeasuredChild } from './measured-child.ts'

/** What the collector is to find out sooner than by default, so that a minute shows it. */
const SOONER = { RECONCILE_MS: '20000', TRUTH_EVERY_MS: '30000' }

/** An exchange in this process, Postgres behind a relay, and a collector that may be ended and started again. */
export class SoakRig {
  readonly exchange: Exchange
  readonly lag: LagWatch
  readonly relay: PostgresRelay
  readonly database: BenchDatabase
  /** As the owner of everything. */
  readonly owner: Sql
  /** As a reader of market data. */
  readonly reader: Sql
  /** How often the collector was started. */
  starts = 0
  /** When it was started last, ms. */
  startedMs = 0
  readonly #env: Record<string, string>
  #collector: MeasuredChild | null = null

  private constructor(
    exchange: Exchange,
    database: BenchDatabase,
    relay: PostgresRelay,
    env: Record<string, string>,
  ) {
    this.exchange = exchange
    this.database = database
    this.relay = relay
    this.#env = env
    this.lag = new LagWatch(database.ownerUrl)
    this.owner = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })
    this.reader = postgres(database.readerUrl, { max: 4, onnotice: () => {} })
  }

  /** Starts everything; nothing trades yet. Throws when something does not start. */
  static async open(markets: number, rate: number, seed: number): Promise<SoakRig> {
    const exchange = await startExchange({
      markets,
      rate,
      seed,
      lives: true,
      livesMs: 5000,
      paused: true,
      rest: null,
    })
    const database = await benchDatabase()
    const relay = new PostgresRelay(database.ownerUrl)
    const through = await relay.open()
    const env = {
      KALSHI_WS_URL: exchange.wsUrl,
      KALSHI_REST_URL: exchange.restUrl,
      KALSHI_KEY_ID: exchange.keyId,
      KALSHI_PRIVATE_KEY: exchange.privateKeyPem,
      COLLECTOR_DATABASE_URL: through(database.collectorUrl),
      FEED_URL: 'ws://127.0.0.1:9/internal/feed',
      FEED_TOKEN: 'no shard listens here',
      FEED_SHARDS: '1',
      FEED_ENV: 'soak',
      SPOOL_DIR: join(database.dir, 'spool'),
      ...SOONER,
    }
    const rig = new SoakRig(exchange, database, relay, env)
    await rig.startCollector()
    return rig
  }

  get collector(): MeasuredChild {
    if (this.#collector === null) throw new Error('no collector was started')
    return this.#collector
  }

  /** Starts the collector, after the one before has ended, and waits until it records. */
  async startCollector(): Promise<void> {
    await this.#collector?.ended
    this.#collector = new MeasuredChild({
      name: 'collector',
      program: 'collector/main.ts',
      env: this.#env,
      logFile: join(this.database.dir, 'collector.log'),
    })
    this.starts += 1
    await this.#collector.ready()
    this.startedMs = Date.now()
  }

  async stop(): Promise<void> {
    this.exchange.pause()
    await this.#collector?.stop()
    await this.lag.stop()
    await Promise.all([this.owner.end({ timeout: 1 }), this.reader.end({ timeout: 1 })])
    this.relay.close()
    await this.database.stop()
    await this.exchange.close()
  }
}
