import { fullChecksum } from '#core/checksum'
import type { MarketRecord } from '#core/ingest'
import type { Epoch, GapCause, GapRecord } from '#core/log'
import { type ChannelTurn, LOOKOUT_CHANNELS, type LookoutFrame } from '#core/lookout'
import { MarketLog } from '#core/market-log'
import { Reader } from '#core/reader'
import { parseTicker, type Ticker } from '#core/ticker'
import { startClock } from '../../collector/clock.ts'
import { readCollectorConfig } from '../../collector/config.ts'
import { ExchangeFeed } from '../../collector/exchange-feed.ts'
import { setLogLevel } from '../../collector/log-event.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import type { ExchangeOptions } from '../../simulator/options.ts'
import { must } from '../core/arbitraries.ts'
import { until } from '../until.ts'

export type Gap = { readonly market: Ticker; readonly gap: GapRecord }

/** The connections of a collector to a simulated exchange, and a plain reader of all that they record. */
export type FeedRig = {
  readonly exchange: Exchange
  readonly feed: ExchangeFeed
  readonly logs: Map<Ticker, MarketLog>
  readonly markets: readonly Ticker[]
  readonly records: MarketRecord[]
  readonly frames: LookoutFrame[]
  readonly turns: ChannelTurn[]
  readonly asides: { readonly kind: string; readonly market: Ticker | null }[]
  /** Called for all records, as they come. */
  onRecords: (records: readonly MarketRecord[]) => void
  /** Takes records as the feed's sink does. */
  take(records: readonly MarketRecord[]): void
  /** Adds a log, as the universe does before a market is followed. */
  open(market: Ticker): void
  known(): number
  gaps(cause?: GapCause): Gap[]
  /** The exchange's number of the connection that has a market, and the markets that it has. */
  lineOf(market: Ticker): { readonly connection: number; readonly markets: readonly string[] }
  /** Waits until every followed book is known, and compares each with the exchange's. */
  agree(): Promise<void>
  stop(): Promise<void>
}

/** Starts both, and waits until so many books are known, by default all, and all channels of the whole exchange there. */
export async function openFeed(
  options: ExchangeOptions = {},
  overrides: Record<string, string> = {},
  enough?: number,
): Promise<FeedRig> {
  const exchange = await startExchange({ markets: 12, rate: 600, seed: 11, skew: 0, ...options })
  const read = readCollectorConfig({
    KALSHI_WS_URL: exchange.wsUrl,
    KALSHI_REST_URL: exchange.restUrl,
    KALSHI_KEY_ID: exchange.keyId,
    KALSHI_PRIVATE_KEY: exchange.privateKeyPem,
    COLLECTOR_DATABASE_URL: 'postgres://nobody@127.0.0.1/none',
    FEED_URL: 'ws://127.0.0.1:9/internal/feed',
    FEED_TOKEN: 'no shard listens here',
    FEED_SHARDS: '1',
    FEED_ENV: 'test',
    SPOOL_DIR: '/nowhere',
    LOG_LEVEL: 'silent',
    CONNECTIONS: '3',
    RECOVERY_MS: '300',
    PROBE_MS: '100',
    ...overrides,
  })
  if (!read.ok) throw new Error(read.problems.join('\n'))
  setLogLevel('silent')
  const { clock } = startClock(null)
  const logs = new Map<Ticker, MarketLog>()
  const readers = new Map<Ticker, Reader>()
  const records: MarketRecord[] = []
  const frames: LookoutFrame[] = []
  const turns: ChannelTurn[] = []
  const asides: FeedRig['asides'] = []
  const faults: string[] = []
  const take = (taken: readonly MarketRecord[]) => {
    for (const { market, record } of taken) {
      // A log is read from its start: whatever does not follow is a hole that nobody was told of.
      const outcome = must(readers.get(market)).read(record)
      if (outcome !== 'taken') faults.push(`${market} ${record.seq} ${record.kind} ${outcome}`)
    }
    records.push(...taken)
    rig.onRecords(taken)
  }
  const feed = new ExchangeFeed({
    config: read.config,
    clock,
    logs,
    sink: {
      decoded: () => {},
      again: () => {},
      records: take,
      frame: (frame) => frames.push(frame),
      channel: (turn) => turns.push(turn),
      aside: (kind, _text, market) => asides.push({ kind, market }),
    },
  })
  const markets = exchange.tickers().map((text) => must(parseTicker(text)))
  const known = () => [...logs.values()].filter((log) => log.known).length
  const rig: FeedRig = {
    exchange,
    feed,
    logs,
    markets,
    records,
    frames,
    turns,
    asides,
    onRecords: () => {},
    take,
    open: (market) => {
      logs.set(market, new MarketLog(9 as Epoch, null))
      readers.set(market, new Reader())
    },
    known,
    gaps: (cause) =>
      records.flatMap(({ market, record }) =>
        record.kind === 'gap' && (cause === undefined || record.cause === cause)
          ? [{ market, gap: record }]
          : [],
      ),
    lineOf: (market) =>
      must(exchange.connectionList().find((each) => each.markets.includes(market))),
    agree: async () => {
      exchange.pause()
      const wrong = () => {
        const truth = exchange.checksums()
        return [...logs].flatMap(([market, log]) => {
          const image = log.image()
          const state = must(readers.get(market)).state
          const read = state.kind === 'known' ? fullChecksum(state.book.ladders()) : null
          const ours = image === null ? null : fullChecksum(image)
          return read === truth[market] && ours === truth[market] ? [] : [market]
        })
      }
      await until('every book is the exchange’s', () => wrong().length === 0).catch((error) => {
        throw new Error(`${error.message}: ${wrong().join(' ')}, known ${known()}`)
      })
      if (faults.length > 0) throw new Error(faults.slice(0, 5).join('\n'))
      exchange.start()
    },
    stop: async () => {
      feed.stop()
      await exchange.close()
    },
  }
  for (const market of markets) rig.open(market)
  feed.follow(markets)
  feed.start()
  await until('the books are known', () => known() === (enough ?? markets.length))
  await until('the exchange’s own channels are there', () => {
    return feed.status().connections.at(-1)?.channels.length === LOOKOUT_CHANNELS.length
  })
  return rig
}
