import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { connectStore } from '../../collector/store/connect.ts'
import { PostgresRelay } from '../../local/postgres-relay.ts'
import { trueTime } from '../../simulator/clock.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import type { Fault as ExchangeFault, FaultKind } from '../../simulator/fault-log.ts'
import { type Random, seededRandom } from '../../simulator/random.ts'
import { until } from '../until.ts'
import { CollectorApart } from './collector-apart.ts'
import { collectorHere } from './collector-here.ts'
import { MortalPostgres } from './mortal-postgres.ts'
import type { RunningCollector } from './running-collector.ts'
import { StoreWatch } from './store-watch.ts'
import { Truth } from './truth.ts'

export type FaultRigPlan = {
  readonly seed: number
  /** How long trading goes on after a fault has struck. */
  readonly seconds: number
  /** Of the collectors, in place of their defaults. */
  readonly times: Readonly<Record<string, string>>
}

/** On an exchange that trades, so many changes a second. */
const RATE = 300
const MARKETS = 24
const PATIENCE_MS = 60_000
const ANSWER_MS = 2000
/** When what was said last is not only sent but received. */
const RECEIVED_US = 200_000

/** An exchange with its truth, a Postgres that can die, and collectors between them. */
export class FaultRig {
  readonly plan: FaultRigPlan
  readonly exchange: Exchange
  readonly truth: Truth
  readonly postgres: MortalPostgres
  readonly relay: PostgresRelay
  /** As the owner of everything. */
  readonly sql: Sql
  readonly watch: StoreWatch
  readonly random: Random
  /** Those in this process, and those in processes of their own, dead ones too. */
  readonly #here: RunningCollector[] = []
  readonly apart: CollectorApart[] = []
  /** Markets whose logs have ended. */
  readonly settled = new Set<string>()
  /** Every row that was ever seen, by market and seq; and every gap. */
  readonly seenRows = new Map<string, string>()
  readonly seenGaps = new Set<string>()
  /** How far the time of day of collectors in this process is ahead of the true one, µs. */
  wallAheadUs = 0
  /** How far their receive time may be, at most, µs. */
  recvAheadUs = 0
  readonly #through: (address: string) => string

  private constructor(
    plan: FaultRigPlan,
    exchange: Exchange,
    postgres: MortalPostgres,
    relay: PostgresRelay,
    through: (address: string) => string,
  ) {
    this.plan = plan
    this.exchange = exchange
    this.truth = new Truth(exchange)
    this.postgres = postgres
    this.relay = relay
    this.sql = connectStore(postgres.ownerUrl, 3)
    this.watch = new StoreWatch(this.sql)
    this.random = seededRandom(plan.seed ^ 0x5eed)
    this.#through = through
  }

  /** Starts all but the collectors; the exchange trades. */
  static async open(plan: FaultRigPlan): Promise<FaultRig> {
    const [exchange, postgres] = await Promise.all([
      startExchange({ markets: MARKETS, rate: RATE, seed: plan.seed, rest: null }),
      MortalPostgres.open(),
    ])
    const relay = new PostgresRelay(postgres.ownerUrl)
    return new FaultRig(plan, exchange, postgres, relay, await relay.open())
  }

  /** Starts a collector in this process; one of the same name finds the spool of the one before. */
  async startHere(name = 'first'): Promise<void> {
    const wall = () => (Date.now() * 1000 + this.wallAheadUs) as Micros
    const collector = await collectorHere(name, this.#env(name, 'silent'), wall)
    this.#here.push(collector)
  }

  /** Ends the collectors of this process. */
  async stopHere(): Promise<void> {
    for (const each of this.#here.splice(0)) await each.stop()
  }

  /** Ends the collector of this process and starts it again. */
  async restartHere(): Promise<void> {
    await this.stopHere()
    await this.startHere()
  }

  /** Starts a collector in a process of its own. */
  startApart(name = 'first'): CollectorApart {
    const logFile = join(this.postgres.dir, `${name}.log`)
    const collector = new CollectorApart(name, this.#env(name, 'info'), logFile)
    this.apart.push(collector)
    return collector
  }

  /** The markets whose logs go on. */
  get markets(): string[] {
    return this.truth.markets.filter((market) => !this.settled.has(market))
  }

  /** The connections that carry books, and their markets. */
  get lines(): { connection: number; markets: string[] }[] {
    return this.exchange.connectionList().filter(({ markets }) => markets.length > 0)
  }

  /** Makes something go wrong, and waits for the exchange to say that it did; answers what it says. */
  async strike(kind: FaultKind, inject: () => unknown): Promise<ExchangeFault> {
    const before = this.exchange.faults.length
    inject()
    const struck = () => this.exchange.faults.slice(before).find((fault) => fault.kind === kind)
    await until(`${kind} strikes`, () => struck() !== undefined)
    const fault = struck()
    if (fault === undefined) throw new Error(`${kind} never struck`)
    return fault
  }

  /** Waits until one collector knows every book, and the store says so. */
  async recovered(patienceMs = PATIENCE_MS): Promise<void> {
    await until('every book is known again', () => this.#knows(), patienceMs)
  }

  /** Waits until all that was received until now is durable. */
  async durable(patienceMs = PATIENCE_MS): Promise<void> {
    const us = trueTime() + this.recvAheadUs
    await until('all is durable', async () => (await this.through()) > us, patienceMs)
  }

  /** Lets trading rest until all of it is known and durable; answers what does not come to be so. */
  async settle(): Promise<string[]> {
    this.exchange.pause()
    await sleep(RECEIVED_US / 1000)
    try {
      await this.durable()
      await this.recovered()
      await until('the collector holds the exchange’s books', () => this.#agrees(), 5000)
      // The last of it may have come late.
      await this.durable()
      return []
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)]
    }
  }

  /** The full checksums of the collector that records; null when none does, or it does not answer. */
  async checksums(): Promise<Record<string, number | null> | null> {
    const all = [...this.#here, ...this.apart]
    // One that is paused says no more that it does not.
    const recording = all.findLast(({ state }) => state === 'recording')
    const answer = recording?.checksums().catch(() => null)
    return (await Promise.race([answer, sleep(ANSWER_MS)])) ?? null
  }

  /** The last watermark of the newest epoch, µs; 0 while there is none. */
  async through(): Promise<number> {
    const [row] = await this.sql`
      select recorded_through_us::text as us from kb.epochs order by epoch desc limit 1`.catch(
      () => [],
    )
    return Number(row?.['us'] ?? 0)
  }

  async stop(): Promise<void> {
    this.exchange.pause()
    this.truth.stop()
    this.relay.delayMs = 0
    for (const collector of [...this.#here, ...this.apart]) await collector.stop()
    await this.watch.stop()
    await this.sql.end({ timeout: 1 })
    this.relay.close()
    await this.postgres.close()
    await this.exchange.close()
  }

  async #knows(): Promise<boolean> {
    const sums = await this.checksums()
    if (sums === null || !this.markets.every((market) => typeof sums[market] === 'number')) {
      return false
    }
    const [row] = await this.sql`
      select count(*)::int as open from kb.book_gaps g join kb.markets m on m.id = g.market_id
      where g.to_us is null and m.ticker in ${this.sql(this.markets)}`.catch(() => [])
    return row?.['open'] === 0
  }

  async #agrees(): Promise<boolean> {
    const sums = await this.checksums()
    const truth = this.exchange.checksums()
    return this.markets.every((market) => sums?.[market] === truth[market])
  }

  #env(name: string, level: string): Record<string, string> {
    return {
      KALSHI_WS_URL: this.exchange.wsUrl,
      KALSHI_REST_URL: this.exchange.restUrl,
      KALSHI_KEY_ID: this.exchange.keyId,
      KALSHI_PRIVATE_KEY: this.exchange.privateKeyPem,
      COLLECTOR_DATABASE_URL: this.#through(this.postgres.roles.collectorUrl),
      FEED_URL: 'ws://127.0.0.1:9/internal/feed',
      FEED_TOKEN: 'no shard listens here',
      FEED_SHARDS: '1',
      FEED_ENV: 'test',
      SPOOL_DIR: join(this.postgres.dir, name),
      SPOOL_FILE_BYTES: '20000',
      CONNECTIONS: '3',
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? level,
      ...this.plan.times,
    }
  }
}
