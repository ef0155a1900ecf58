import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres, { type Sql } from 'postgres'
import { Child } from '../local/child.ts'
import { type BenchDatabase, benchDatabase } from './bench-database.ts'
import { LagWatch, nowUs } from './lag-watch.ts'
import { MeasuredChild } from './measured-child.ts'
import { type PlainInsert, plainInsert } from './plain-insert.ts'

/** Settings of the collector that the measurements need; everything else is its default. */
const COLLECTOR = {
  FEED_URL: 'ws://127.0.0.1:9/internal/feed',
  FEED_TOKEN: 'no shard listens here',
  FEED_SHARDS: '1',
  FEED_ENV: 'bench',
}
const BASELINE_S = 10
const READY_MS = 180_000
const STORED = 0.999

/** What the exchange's own process has cost, and how many changes of its books it has told. */
export type Sent = { readonly deltas: number; readonly cpuUs: number; readonly atUs: number }

/** An exchange under load, a Postgres and a collector, each a process of its own. */
export class IngestRig {
  readonly baseline: PlainInsert
  readonly lag: LagWatch
  readonly collector: MeasuredChild
  readonly #database: BenchDatabase
  readonly #exchange: Child
  readonly #env: Record<string, string>
  readonly #sql: Sql

  private constructor(parts: {
    baseline: PlainInsert
    lag: LagWatch
    collector: MeasuredChild
    database: BenchDatabase
    exchange: Child
    env: Record<string, string>
    sql: Sql
  }) {
    this.baseline = parts.baseline
    this.lag = parts.lag
    this.collector = parts.collector
    this.#database = parts.database
    this.#exchange = parts.exchange
    this.#env = parts.env
    this.#sql = parts.sql
  }

  /**
   * Starts everything, measures the baseline before the collector runs, and waits until every book is known.
   * Nothing trades yet. Throws when something does not start.
   */
  static async open(markets: number, levels: number): Promise<IngestRig> {
    const database = await benchDatabase()
    const sql = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })
    const logFile = (name: string) => join(database.dir, `${name}.log`)
    const load = ['--load', '--markets', String(markets), '--levels', String(levels)]
    const exchange = new Child({
      name: 'exchange',
      program: 'simulator/main.ts',
      args: [...load, '--rate', '0'],
      logFile: logFile('exchange'),
    })
    try {
      const clear = () => sql`truncate kb.book_deltas`
      const baseline = await plainInsert(database.collectorUrl, clear, markets, BASELINE_S)
      const door = await exchange.ready()
      const env = {
        KALSHI_WS_URL: String(door['wsUrl']),
        KALSHI_REST_URL: String(door['restUrl']),
        KALSHI_KEY_ID: String(door['keyId']),
        KALSHI_PRIVATE_KEY: String(door['privateKeyPem']),
      }
      const collector = new MeasuredChild({
        name: 'collector',
        program: 'collector/main.ts',
        env: {
          ...COLLECTOR,
          ...env,
          COLLECTOR_DATABASE_URL: database.collectorUrl,
          SPOOL_DIR: join(database.dir, 'spool'),
        },
        logFile: logFile('collector'),
      })
      await collector.ready()
      const lag = new LagWatch(database.ownerUrl)
      const rig = new IngestRig({ baseline, lag, collector, database, exchange, env, sql })
      await until(`all ${markets} books are known`, () => collector.said('known') === markets)
      return rig
    } catch (error) {
      await exchange.stop()
      await sql.end({ timeout: 1 })
      await database.stop()
      throw error
    }
  }

  /** Sets how many deltas a second the exchange sends. */
  async setRate(rate: number): Promise<void> {
    await this.#exchange.ask('rate', { rate })
  }

  /** What the exchange has sent and cost so far. */
  async sent(): Promise<Sent> {
    const { changes, cpuUs } = await this.#exchange.ask('usage')
    return { deltas: Number(changes), cpuUs: Number(cpuUs), atUs: nowUs() }
  }

  /** Stops trading and waits until all that was sent is durable. */
  async quiet(): Promise<void> {
    await this.setRate(0)
    await sleep(200)
    const restUs = nowUs()
    await until('all is durable', () => nowUs() - this.lag.lagMs * 1000 > restUs)
  }

  /**
   * Holds the collector's books and the store against the exchange, once all is quiet. Throws when a book differs, or when
   * deltas are missing in the store: a rate at which something was lost is none. A few may be: those of a market
   * that moves from one connection to another are within the snapshot that it arrives with.
   */
  async agree(): Promise<void> {
    const { deltas } = await this.sent()
    const theirs = (await this.#exchange.ask('checksums'))['checksums'] as Record<string, number>
    const ours = (await this.collector.ask('checksums'))['checksums'] as Record<string, number>
    const wrong = Object.entries(theirs).filter(([market, sum]) => ours[market] !== sum)
    if (wrong.length > 0) throw new Error(`${wrong.length} books differ, ${wrong[0]?.[0]} first`)
    const [row] = await this.#sql`select count(*)::float8 as n from kb.book_deltas where kind = 1`
    const stored = Number(row?.['n'])
    if (stored > deltas || stored < deltas * STORED) {
      throw new Error(`${deltas} deltas were sent, ${stored} stored`)
    }
  }

  /** Stops the collector, and measures a process that only reads and parses the same frames. */
  async plainReader(
    measure: (reader: MeasuredChild) => Promise<{ cpuSPerMillion: number; rss: number }>,
  ): Promise<{ cpuSPerMillion: number; rss: number }> {
    await this.collector.stop()
    const reader = new MeasuredChild({
      name: 'reader',
      program: 'bench/plain-reader.ts',
      env: this.#env,
      logFile: join(this.#database.dir, 'reader.log'),
    })
    try {
      await reader.ready()
      return await measure(reader)
    } finally {
      await reader.stop()
    }
  }

  async stop(): Promise<void> {
    await this.collector.stop()
    await this.lag.stop()
    await this.#exchange.stop()
    await this.#sql.end({ timeout: 1 })
    await this.#database.stop()
  }
}

/** Waits until something is so. Throws with `what` when it takes too long. */
export async function until(what: string, so: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_MS
  while (!(await so())) {
    if (Date.now() > deadline) throw new Error(`not so after ${READY_MS} ms: ${what}`)
    await sleep(50)
  }
}
