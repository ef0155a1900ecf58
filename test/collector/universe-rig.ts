import postgres, { type Sql } from 'postgres'
import type { Entry } from '#core/entry'
import type { Micros } from '#core/instant'
import type { MarketChange } from '#core/market-change'
import type { MarketLog } from '#core/market-log'
import type { Standing } from '#core/market-standing'
import type { Ticker } from '#core/ticker'
import { startClock } from '../../collector/clock.ts'
import { type CollectorConfig, readCollectorConfig } from '../../collector/config.ts'
import { ExchangeFeed } from '../../collector/exchange-feed.ts'
import { KalshiRest } from '../../collector/kalshi-rest.ts'
import { openLogs } from '../../collector/open-logs.ts'
import { connectStore } from '../../collector/store/connect.ts'
import { writeEntries } from '../../collector/store/entries.ts'
import { MarketIds } from '../../collector/store/market-ids.ts'
import { makePartitions } from '../../collector/store/partitions.ts'
import { Universe } from '../../collector/universe.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import type { Listing } from '../../simulator/market.ts'
import type { ExchangeOptions } from '../../simulator/options.ts'
import { must } from '../core/arbitraries.ts'
import { freshDatabase } from '../database.ts'
import { openRelay, type Relay } from '../relay.ts'
import { open, take } from '../store/fixture.ts'
import { until } from '../until.ts'

/** A universe of one epoch between a simulated exchange, its real connections, and a real Postgres. */
export type Epoch = {
  readonly universe: Universe
  readonly rest: KalshiRest
  readonly logs: Map<Ticker, MarketLog>
  /** What it would have spooled, in order. */
  readonly entries: Entry[]
  /** What it said of where markets stand. */
  readonly standings: Standing[]
  changes(market: string): MarketChange[]
  /** Records of a market as `kind` or `end settled`, the deltas left out. */
  kinds(market: string): string[]
  /** Waits until exactly these books are known. */
  knows(markets: readonly string[]): Promise<void>
  /** Stores what was spooled and what is described. */
  store(): Promise<void>
  /** Stores, and rests. */
  end(): Promise<void>
}

export type UniverseRig = {
  readonly exchange: Exchange
  /** The way from the universe to Postgres. */
  readonly relay: Relay
  readonly owner: Sql
  /** Takes the lease, opens an epoch and its universe. */
  begin(variables?: Record<string, string>): Promise<Epoch>
  /** Empties the store. */
  clear(): Promise<void>
  /** Lists a market that opens and closes so many ms from now; a hidden one REST does not know until it is shown. */
  create(ticker: string, opensMs: number, closesMs?: number, hidden?: boolean): string
  market(ticker: string): Promise<Record<string, unknown>>
  stop(): Promise<void>
}

export async function openUniverseRig(options: ExchangeOptions): Promise<UniverseRig> {
  const [database, exchange] = await Promise.all([
    freshDatabase(),
    startExchange({ markets: 8, rate: 100, seed: 5, ...options }),
  ])
  const owner = postgres(database.ownerUrl, { max: 3, onnotice: () => {} })
  const relay = await openRelay(database.collectorUrl)
  const running = new Set<Epoch>()
  let created = 0
  return {
    exchange,
    relay,
    owner,
    begin: async (variables = {}) => {
      const epoch = await beginEpoch(exchange, relay.url, variables)
      running.add(epoch)
      const end = async () => {
        if (running.delete(epoch)) await epoch.end()
      }
      return { ...epoch, end }
    },
    clear: async () => {
      await owner`truncate kb.series, kb.events, kb.markets, kb.market_search, kb.log_begins, kb.lease, kb.epochs, kb.proof_of_life,
        kb.book_deltas, kb.book_gaps, kb.lifecycle, kb.settlements restart identity`
    },
    create: (ticker, opensMs, closesMs = 3_600_000, hidden = false) => {
      created += 1
      const now = Date.now() * 1000
      const listing: Listing = {
        ticker,
        id: `00000000-0000-4000-8000-${String(created).padStart(12, '0')}`,
        structure: 'linear_cent',
        createdUs: now,
        openUs: now + opensMs * 1000,
        closeUs: now + closesMs * 1000,
        ...(hidden ? { shownUs: Number.MAX_SAFE_INTEGER } : {}),
      }
      exchange.life.create(listing)
      return ticker
    },
    market: async (ticker) =>
      must((await owner`select * from kb.markets where ticker = ${ticker}`)[0]),
    stop: async () => {
      for (const epoch of running) await epoch.end()
      await owner.end({ timeout: 1 })
      await exchange.close()
      await relay.stop()
      await database.stop()
    },
  }
}

function configOf(exchange: Exchange, url: string, over: Record<string, string>): CollectorConfig {
  const read = readCollectorConfig({
    KALSHI_WS_URL: exchange.wsUrl,
    KALSHI_REST_URL: exchange.restUrl,
    KALSHI_KEY_ID: exchange.keyId,
    KALSHI_PRIVATE_KEY: exchange.privateKeyPem,
    COLLECTOR_DATABASE_URL: url,
    FEED_URL: 'ws://127.0.0.1:9/internal/feed',
    FEED_TOKEN: 'no shard listens here',
    FEED_SHARDS: '1',
    FEED_ENV: 'test',
    SPOOL_DIR: '/nowhere',
    CONNECTIONS: '1',
    REST_LAG_MS: '50',
    SETTLE_GRACE_MS: '100',
    ...over,
  })
  if (!read.ok) throw new Error(read.problems.join('\n'))
  return read.config
}

async function beginEpoch(
  exchange: Exchange,
  url: string,
  variables: Record<string, string>,
): Promise<Epoch> {
  const config = configOf(exchange, url, variables)
  const sql = connectStore(url)
  const hold = await take(sql)
  await makePartitions(sql, (Date.now() * 1000) as Micros)
  const opened = await open(sql, hold, (Date.now() * 1000) as Micros)
  const ids = new MarketIds(sql)
  const { logs } = await openLogs(hold.epoch, opened, ids)
  const { clock } = startClock(opened.openedUs)
  const { KALSHI_KEY_ID: keyId, privateKey } = config
  const rest = new KalshiRest(
    config.KALSHI_REST_URL,
    { keyId, privateKey },
    config.REST_TOKENS_PER_S ?? null,
  )
  const entries: Entry[] = []
  const standings: Standing[] = []
  let stored = 0
  const feed = new ExchangeFeed({
    config,
    clock,
    logs,
    sink: {
      decoded: () => {},
      again: () => {},
      records: (records) =>
        entries.push(...records.map((each) => ({ kind: 'record', ...each }) as const)),
      frame: (frame, now) => universe.frame(frame, now),
      channel: ({ channel, state }) => {
        if (channel === 'market_lifecycle_v2' && state.kind === 'resumed') universe.missed()
      },
      aside: () => {},
    },
  })
  const universe = new Universe({
    ...{ config, sql, rest, hold, logs, clock },
    follow: (markets) => feed.follow(markets),
    unfollow: (markets) => feed.unfollow(markets),
    records: (records) =>
      entries.push(...records.map((each) => ({ kind: 'record', ...each }) as const)),
    change: (change) => entries.push({ kind: 'change', change }),
    stands: (standing) => standings.push(standing),
    aside: (aside) => entries.push({ kind: 'aside', aside }),
    leaseLost: () => {},
  })
  await universe.start()
  feed.start()
  const store = async () => {
    await universe.idle()
    const batch = entries.slice(stored)
    await writeEntries(sql, hold, ids, batch, clock())
    stored += batch.length
  }
  return {
    ...{ universe, rest, logs, entries, standings, store },
    changes: (market) =>
      entries.flatMap((each) =>
        each.kind === 'change' && (each.change.market ?? each.change.event) === market
          ? [each.change]
          : [],
      ),
    kinds: (market) =>
      entries.flatMap((each) => {
        if (each.kind !== 'record' || each.market !== market) return []
        const { record } = each
        if (record.kind === 'delta') return []
        return [record.kind === 'end' ? `end ${record.reason}` : record.kind]
      }),
    knows: (markets) =>
      until(`exactly ${markets.length} books are known`, () => {
        const known = [...logs].filter(([, log]) => log.known).map(([market]) => market)
        return known.sort().join() === [...markets].sort().join()
      }),
    end: async () => {
      feed.stop()
      await universe.stop()
      await store()
      rest.close()
      await sql.end({ timeout: 1 })
    },
  }
}
