import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { Micros } from '#core/instant'
import type { Frame } from '#core/kalshi/decode'
import type { EventFee, EventLifecycle, MarketLifecycle } from '#core/kalshi/frames'
import type { MarketChange } from '#core/market-change'
import { isCombo } from '#core/market-life'
import type { SeenMarket } from '#core/market-news'
import type { Ticker } from '#core/ticker'
import type { Clock } from './clock.ts'
import type { Following } from './following.ts'
import type { Hierarchy } from './hierarchy.ts'
import { logEvent } from './log-event.ts'
import type { LookupKind, Lookups } from './lookups.ts'
import type { MetadataWriter } from './metadata-writer.ts'
import type { LookTaker } from './reconcile.ts'
import type { EventRow, MarketRow } from './store/metadata-rows.ts'
import { readCreated, readEvents, readEventWord, readMarkets, readSeries } from './universe-rows.ts'

export type DiscoveryOptions = {
  readonly hierarchy: Hierarchy
  readonly following: Following
  readonly writer: MetadataWriter
  readonly lookups: Lookups
  readonly clock: Clock
  readonly change: (change: MarketChange) => void
  /** How far REST may lag behind the stream, ms. */
  readonly lagMs: number
}

/** Objects that are read in one turn, so that the sockets do not wait for more. */
const IN_A_TURN = 100
/** Words after which REST tells no more than the word did. */
const TOLD_WHOLLY: readonly string[] = ['activated', 'deactivated']

/** Takes what the exchange's REST and its lifecycle channel tell of markets, events and series. */
export class Discovery implements LookTaker {
  readonly #options: DiscoveryOptions
  /** Markets that REST showed since this was set anew. */
  seen = new Set<Ticker>()
  /** Whether a market that was never seen before is new, rather than that we are. */
  begun = false
  stopped = false

  constructor(options: DiscoveryOptions) {
    this.#options = options
  }

  async series(objects: readonly unknown[]): Promise<void> {
    const { hierarchy, writer, clock } = this.#options
    for (const chunk of chunks(objects)) {
      await this.#turn()
      const { rows, refused } = readSeries(chunk)
      noteRefused('series', refused)
      for (const row of rows) {
        hierarchy.series(row, clock())
        writer.offer({ kind: 'series', row })
      }
    }
    await writer.room()
  }

  async events(objects: readonly unknown[], asked: Micros): Promise<void> {
    const { following, writer, lookups } = this.#options
    for (const chunk of chunks(objects)) {
      await this.#turn()
      const { rows, refused } = readEvents(chunk)
      noteRefused('event', refused)
      for (const row of rows) {
        this.#event(row, asked)
        lookups.seen('event', row.ticker, asked)
      }
      following.flush()
    }
    await writer.room()
  }

  async markets(objects: readonly unknown[], asked: Micros): Promise<void> {
    const { hierarchy, following, writer, lookups, lagMs } = this.#options
    const seenUs = (asked - lagMs * 1000) as Micros
    for (const chunk of chunks(objects)) {
      await this.#turn()
      const { rows, refused } = readMarkets(chunk, (event) => hierarchy.seriesOf(event), seenUs)
      noteRefused('market', refused)
      for (const { row, seen } of rows) {
        const untold = row.result !== null && following.state(row.ticker) === null
        const fresh = !isCombo(row.ticker) && following.see(seen, asked)
        if (fresh && this.begun) this.#announce(seen, row.created_us ?? null)
        this.seen.add(row.ticker)
        this.#describe({ ...row, untold })
        lookups.seen('market', row.ticker, asked)
      }
      following.flush()
    }
    await writer.room()
  }

  /** Takes single objects that were asked for. */
  found(kind: LookupKind, objects: readonly unknown[], asked: Micros): Promise<void> {
    switch (kind) {
      case 'series':
        return this.series(objects)
      case 'event':
        return this.events(objects, asked)
      case 'market':
        return this.markets(objects, asked)
    }
  }

  /** Takes a frame of the lifecycle channel; others are none of its business. */
  frame(frame: Frame, recv: Micros): void {
    switch (frame.kind) {
      case 'market_lifecycle':
        if (frame.change.event_type === 'created') this.#created(frame.change, recv)
        else this.#heard(frame.change, recv)
        this.#options.following.flush()
        return
      case 'event_lifecycle':
        this.#eventHeard(frame.change)
        this.#options.following.flush()
        return
      case 'event_fee':
        this.#fee(frame.change, recv)
        return
      default:
        return
    }
  }

  #created(word: MarketLifecycle, recv: Micros): void {
    const { hierarchy, following, lookups, change } = this.#options
    const market = word.market_ticker as Ticker
    if (isCombo(market)) return
    lookups.want('market', market)
    if (following.state(market) !== null) return
    const read = readCreated(word, (event) => hierarchy.seriesOf(event), recv)
    if (read === null) return
    const { market_ticker: _ticker, event_type: _type, ...detail } = word
    change({ market, event: null, kind: 'created', at: null, recv, source: 'stream', detail })
    following.see(read.seen, recv)
    this.#describe(read.row)
  }

  #heard(word: MarketLifecycle, recv: Micros): void {
    const { following, lookups, lagMs } = this.#options
    const known = following.hear(word, recv)
    if (!known && !isCombo(word.market_ticker)) lookups.want('market', word.market_ticker)
    if (known && !TOLD_WHOLLY.includes(word.event_type)) {
      lookups.want('market', word.market_ticker, lagMs * 1.1)
    }
  }

  #eventHeard(word: EventLifecycle): void {
    const { hierarchy, lookups } = this.#options
    lookups.want('event', word.event_ticker)
    const row = readEventWord(word)
    if (row !== null && !hierarchy.knowsEvent(row.ticker)) this.#event(row, null)
  }

  #fee(word: EventFee, recv: Micros): void {
    const { hierarchy, lookups } = this.#options
    hierarchy.fee(word, recv)
    if (!hierarchy.knowsEvent(word.event_ticker)) lookups.want('event', word.event_ticker)
  }

  #event(row: EventRow, asked: Micros | null): void {
    const { hierarchy, following, writer, lookups, clock } = this.#options
    const { ticker, series_ticker: series } = row
    const moved = series !== null && series !== hierarchy.seriesOf(ticker)
    hierarchy.event(row, asked, clock())
    writer.offer({ kind: 'event', row })
    if (series === null) return
    if (!hierarchy.knowsSeries(series)) lookups.want('series', series)
    if (moved) following.place(ticker, series)
  }

  #describe(row: MarketRow): void {
    const { hierarchy, writer, lookups } = this.#options
    writer.offer({ kind: 'market', row })
    if (!hierarchy.knowsEvent(row.event_ticker)) lookups.want('event', row.event_ticker)
  }

  #announce({ ticker: market, said }: SeenMarket, at: Micros | null): void {
    const { change, clock } = this.#options
    const { created_time, open_time, close_time } = said
    const detail = { created_time, open_time, close_time }
    change({ market, event: null, kind: 'created', at, recv: clock(), source: 'rest', detail })
  }

  async #turn(): Promise<void> {
    await turnOfOthers()
    if (this.stopped) throw new StoppedError('the universe was stopped')
  }
}

/** Thrown out of a look when the universe was stopped. */
export class StoppedError extends Error {
  readonly code = 'stopped'
  readonly retryable = false
}

function* chunks(objects: readonly unknown[]): Iterable<readonly unknown[]> {
  for (let at = 0; at < objects.length; at += IN_A_TURN) yield objects.slice(at, at + IN_A_TURN)
}

function noteRefused(what: string, refused: number): void {
  if (refused > 0) logEvent('metadata_unreadable', { what, refused })
}
