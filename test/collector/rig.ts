import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import { type Collector, startCollector } from '../../collector/collector.ts'
import { readCollectorConfig } from '../../collector/config.ts'
import { KalshiRest } from '../../collector/kalshi-rest.ts'
import { Metrics } from '../../collector/metrics.ts'
import { openSpoolBehind, SpoolValve } from '../../collector/spool-valve.ts'
import { connectStore } from '../../collector/store/connect.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import type { ExchangeOptions } from '../../simulator/options.ts'
import { type FreshDatabase, freshDatabase } from '../database.ts'
import { take } from '../store/fixture.ts'
import { foldStore, type PlainBooks } from '../store-fold.ts'
import { until } from '../until.ts'

/** A collector between a simulated exchange and a real Postgres; no shard listens. */
export type Rig = {
  readonly exchange: Exchange
  readonly database: FreshDatabase
  readonly owner: Sql
  /** Why a collector's epochs ended, in order. */
  readonly failures: string[]
  /** Of all collectors that were started. */
  readonly metrics: Metrics
  start(): Promise<Collector>
  /** Pauses the exchange and waits until all that it said is known and durable. */
  settle(collector: Collector): Promise<void>
  storeBooks(): Promise<PlainBooks>
  exchangeBooks(): PlainBooks
  stop(): Promise<void>
}

export async function openRig(
  options: ExchangeOptions = {},
  overrides: Record<string, string> = {},
): Promise<Rig> {
  const [database, exchange] = await Promise.all([
    freshDatabase(),
    startExchange({ markets: 12, rate: 400, seed: 11, ...options }),
  ])
  const owner = postgres(database.ownerUrl, { max: 3, onnotice: () => {} })
  const spoolDir = await mkdtemp(join(tmpdir(), 'kalshibook-spool-'))
  const stops: (() => Promise<unknown>)[] = []
  const failures: string[] = []
  const metrics = new Metrics()
  const env = {
    KALSHI_WS_URL: exchange.wsUrl,
    KALSHI_REST_URL: exchange.restUrl,
    KALSHI_KEY_ID: exchange.keyId,
    KALSHI_PRIVATE_KEY: exchange.privateKeyPem,
    COLLECTOR_DATABASE_URL: database.collectorUrl,
    FEED_URL: 'ws://127.0.0.1:9/internal/feed',
    FEED_TOKEN: 'no shard listens here',
    FEED_SHARDS: '1',
    FEED_ENV: 'test',
    SPOOL_DIR: spoolDir,
    CONNECTIONS: '1',
    RECOVERY_MS: '300',
    ...overrides,
  }
  return {
    exchange,
    database,
    owner,
    failures,
    metrics,
    start: async () => {
      const read = readCollectorConfig(env)
      if (!read.ok) throw new Error(read.problems.join('\n'))
      const sql = connectStore(database.collectorUrl)
      const { config } = read
      const { KALSHI_KEY_ID: keyId, privateKey } = config
      const rest = new KalshiRest(config.KALSHI_REST_URL, { keyId, privateKey })
      const valve = new SpoolValve()
      const spool = await openSpoolBehind(valve, config)
      stops.push(() => spool.close())
      const collector = await startCollector({
        config,
        sql,
        rest,
        spool,
        valve,
        metrics,
        hold: await take(sql),
        over: ({ kind }) => failures.push(kind),
      })
      stops.unshift(async () => {
        await collector.stop()
        rest.close()
        await sql.end({ timeout: 1 })
      })
      exchange.start()
      return collector
    },
    settle: async (collector) => {
      exchange.pause()
      const quiet = Date.now() * 1000
      await until('every book is known and durable', () => {
        const { known, markets, waiting, recordLagMs } = collector.status()
        const durable = Date.now() * 1000 - (recordLagMs ?? Number.POSITIVE_INFINITY) * 1000
        return known === markets && waiting === 0 && durable > quiet + 100_000
      })
    },
    storeBooks: () => foldStore(owner),
    exchangeBooks: () =>
      new Map([...exchange.books()].map(([market, { yes, no }]) => [market, { yes, no }])),
    stop: async () => {
      for (const each of stops.splice(0)) await each()
      await owner.end({ timeout: 1 })
      await exchange.close()
      await database.stop()
      await rm(spoolDir, { recursive: true, force: true })
    },
  }
}
