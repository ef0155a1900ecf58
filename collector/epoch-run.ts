import { fullChecksum } from '#core/checksum'
import type { Entry, TradeHole } from '#core/entry'
import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import { Lag } from '#core/lag'
import type { Epoch, GapCause } from '#core/log'
import type { ChannelTurn, LookoutFrame } from '#core/lookout'
import type { MarketLog } from '#core/market-log'
import type { Ticker } from '#core/ticker'
import { Aside, type AsideFrame, shortReason } from './aside.ts'
import type { Clock } from './clock.ts'
import type { Collector, CollectorOptions, CollectorStatus } from './collector.ts'
import { ExchangeFeed } from './exchange-feed.ts'
import { Marks } from './marks.ts'
import { Publisher } from './publisher.ts'
import { Quotes } from './quotes.ts'
import type { StoredRecord } from './store/entries.ts'
import type { MarketIds } from './store/market-ids.ts'
import { Storing } from './storing.ts'
import { TradeIntake } from './trade-intake.ts'
import { TruthChecks } from './truth-checks.ts'
import { Universe } from './universe.ts'

const LAG_SAMPLES = 4000
const BEAT_MS = 1000

export type EpochRunOptions = CollectorOptions & {
  readonly clock: Clock
  readonly strayed: () => boolean
  readonly ids: MarketIds
  /** The logs that the epoch found open; markets are added as they are followed. */
  readonly logs: Map<Ticker, MarketLog>
  /** Intervals of trades that are not filled yet. */
  readonly tradeHoles: readonly TradeHole[]
  /** The last moment for which an earlier epoch had the exchange's trades; null when there was none. */
  readonly tradesThrough: Micros | null
}

/** One epoch of recording: what the exchange says goes to the spool and to the shards, in the turn in which it comes. */
export class EpochRun implements Collector {
  readonly epoch: Epoch
  readonly #options: EpochRunOptions
  readonly #aside = new Aside()
  readonly #lag = new Lag(LAG_SAMPLES)
  readonly #feed: ExchangeFeed
  readonly #universe: Universe
  readonly #publisher: Publisher
  readonly #storing: Storing
  readonly #quotes: Quotes
  readonly #trades: TradeIntake
  readonly #truth: TruthChecks
  readonly #marks: Marks
  #timers: NodeJS.Timeout[] = []
  #gaps = 0

  constructor(options: EpochRunOptions) {
    this.#options = options
    const { config, rest, hold, clock, logs, spool, over, metrics } = options
    this.epoch = hold.epoch
    const append = (entries: readonly Entry[]) => spool.append(entries)
    this.#feed = new ExchangeFeed({
      config,
      clock,
      logs,
      sink: {
        decoded: (kind) => metrics.frame(kind),
        again: (connection) => metrics.reconnect(connection),
        records: (records) => this.#take(records),
        frame: (frame, now) => this.#look(frame, now),
        channel: (turn) => this.#turn(turn),
        aside: (kind, text, market, reason) => this.#setAside(kind, text, market, reason),
      },
    })
    this.#publisher = new Publisher({
      config,
      epoch: hold.epoch,
      lease: hold.lease,
      logs,
      clock,
      stateOf: (market) => this.#universe.state(market),
      superseded: (highest) => over({ kind: 'superseded', highest }),
    })
    this.#universe = new Universe({
      ...options,
      follow: (markets) => this.#feed.follow(markets),
      unfollow: (markets) => this.#feed.unfollow(markets),
      records: (records) => this.#take(records),
      change: (change) => append([{ kind: 'change', change }]),
      stands: (standing) => this.#publisher.stands(standing),
      aside: (aside) => append([{ kind: 'aside', aside }]),
      leaseLost: () => over({ kind: 'lease_lost' }),
    })
    this.#quotes = new Quotes((market, side) => logs.get(market)?.best(side) ?? null)
    this.#trades = new TradeIntake({
      ...{ config, rest, clock, append },
      holes: options.tradeHoles,
      trade: (trade) => {
        this.#publisher.trade(trade)
        if (trade.source === 'stream') this.#quotes.onTrade(trade)
      },
      lost: (from) => this.#publisher.tradesLost(from),
      resumed: (at) => this.#publisher.tradesResumed(at),
      aside: (kind, text, market, reason) => this.#setAside(kind, text, market, reason),
    })
    this.#truth = new TruthChecks({
      logs,
      clock,
      everyMs: config.TRUTH_EVERY_MS,
      spanMs: config.TRUTH_SPAN_MS,
      orderbooks: (markets) => rest.orderbooks(markets),
      wrong: (market, since) => this.#suspect(market, since, 'mismatch'),
      looked: (outcome) => metrics.check(outcome),
    })
    this.#marks = new Marks({
      epoch: hold.epoch,
      clock,
      everyMs: config.WATERMARK_EVERY_MS,
      alive: () => this.#feed.alive(),
      append: (entry) => spool.append([entry]),
    })
    this.#storing = new Storing({
      ...options,
      bookAt: (market) => logs.get(market)?.image() ?? null,
      suspect: (market, since) => this.#suspect(market, since, 'malformed'),
    })
  }

  /**
   * Begins to read the exchange.
   * @param openings the gaps that the opening of the epoch stored
   * Throws when the store is empty and the exchange's lists cannot be had; it is then to be stopped.
   */
  async start(openings: readonly StoredRecord[]): Promise<void> {
    const { valve, tradesThrough } = this.#options
    for (const { market, record } of openings) this.#quotes.onRecord(market, record)
    this.#storing.start(openings)
    this.#marks.start()
    this.#trades.start(tradesThrough)
    await this.#universe.start()
    this.#feed.start()
    valve.listen((shut) => (shut === null ? this.#feed.release() : this.#feed.hold(shut)))
    this.#truth.start()
    this.#timers = [setInterval(() => this.#beat(), BEAT_MS)]
  }

  /** Rests once all that was read is durable, or as it is: the spool keeps it for the next epoch. */
  async stop(how: 'drained' | 'as it is' = 'drained'): Promise<void> {
    const { spool, valve } = this.#options
    for (const timer of this.#timers) clearInterval(timer)
    valve.listen(() => {})
    this.#truth.stop()
    this.#feed.stop()
    await Promise.all([this.#universe.stop(), this.#trades.stop()])
    this.#publisher.stop()
    this.#marks.stop()
    // A disk that refuses keeps what it has; the next epoch stores it.
    await spool.flush().catch(() => {})
    await this.#storing.stop(how)
  }

  checksums(): Record<string, number | null> {
    const sums = [...this.#options.logs].map(([market, log]) => {
      const image = log.image()
      return [market, image === null ? null : fullChecksum(image)] as const
    })
    return Object.fromEntries(sums)
  }

  aside(): readonly AsideFrame[] {
    return this.#aside.frames
  }

  status(): CollectorStatus {
    const { clock, spool } = this.#options
    const { open, stale } = this.#count()
    const { bytes, entries } = spool.status()
    const { durable, stored } = this.#storing
    const { frames, reconnects } = this.#feed.status()
    return {
      markets: open,
      known: open - stale,
      frames,
      lagP50Ms: this.#lag.percentile(0.5),
      lagP99Ms: this.#lag.percentile(0.99),
      recordLagMs: durable === null ? null : (clock() - durable) / 1000,
      waiting: entries,
      spoolBytes: bytes,
      gaps: this.#gaps,
      ...this.#aside.counts,
      reconnects,
      watched: this.#publisher.watched,
      shards: this.#publisher.open,
      stored,
      checked: this.#truth.counts.checked,
      wrong: this.#truth.counts.wrong,
    }
  }

  /** Every record passes here, in the turn in which it was made, before anything slow. */
  #take(records: readonly MarketRecord[]): void {
    const { spool, metrics } = this.#options
    this.#publisher.add(records)
    this.#truth.records(records)
    for (const { market, record } of records) {
      this.#quotes.onRecord(market, record)
      if (record.kind === 'delta' && record.event !== null) {
        this.#lag.add(record.event, record.recv)
        metrics.receiveLag.observe(record.recv - record.event)
      }
      if (record.kind === 'gap') {
        this.#gaps += 1
        metrics.gap(record.cause)
      }
    }
    // Last of all: when it is full it ends the connections, whose gaps then follow these for everybody.
    spool.append(records.map(({ market, record }) => ({ kind: 'record', market, record })))
  }

  /** What concerns no book. */
  #look(frame: LookoutFrame, now: Micros): void {
    switch (frame.kind) {
      case 'trade':
        this.#trades.frame(frame, now)
        return
      case 'ticker':
        this.#quotes.onTicker(frame, now)
        return
      case 'market_lifecycle':
      case 'event_lifecycle':
      case 'event_fee':
        this.#universe.frame(frame, now)
        return
    }
  }

  #turn({ channel, state }: ChannelTurn): void {
    if (channel === 'trade') this.#trades.turn(state)
    if (channel === 'market_lifecycle_v2' && state.kind === 'resumed') this.#universe.missed()
  }

  #setAside(
    kind: 'malformed' | 'unknown',
    text: string,
    market: Ticker | null,
    reason: string,
  ): void {
    const { spool, clock, metrics } = this.#options
    metrics.setAside(kind)
    const kept = this.#aside.add(kind, text, clock())
    if (kept === null) return
    const aside = { kind, market, recv: clock(), reason: shortReason(reason), text: kept }
    spool.append([{ kind: 'aside', aside }])
  }

  /** A book is wrong, or its stored log is: it is not known since then, until the exchange sends it anew. */
  #suspect(market: Ticker, since: Micros, cause: GapCause): void {
    const record = this.#options.logs.get(market)?.gap(cause, since, this.#options.clock())
    if (!record) return
    this.#take([{ market, record }])
    this.#feed.resync([market])
  }

  #beat(): void {
    const { clock, strayed, over, spool } = this.#options
    const now = clock()
    const vouched = this.#feed.vouched()
    if (strayed()) over({ kind: 'clock_strayed' })
    const minutes = this.#quotes.minute(now)
    spool.append(minutes.map((quote) => ({ kind: 'quote', quote })))
    this.#publisher.beat({
      sent_us: now,
      upstream_age_ms: vouched === null ? null : Math.max(0, Math.round((now - vouched) / 1000)),
      lag_p50_ms: this.#lag.percentile(0.5),
      lag_p99_ms: this.#lag.percentile(0.99),
      stale: this.#count().stale,
      gaps: this.#gaps,
    })
  }

  /** Logs that have not ended, and those of them whose book is not known. */
  #count(): { readonly open: number; readonly stale: number } {
    const count = { open: 0, stale: 0 }
    for (const log of this.#options.logs.values()) {
      if (log.ending !== null) continue
      count.open += 1
      if (!log.known) count.stale += 1
    }
    return count
  }
}
