import type { ProofOfLife } from '#core/entry'
import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import type { OpenChannel } from '#core/kalshi/commands'
import type { Frame } from '#core/kalshi/decode'
import type { ChannelTurn, LookoutFrame } from '#core/lookout'
import type { MarketLog } from '#core/market-log'
import { type Followed, Owners } from '#core/owners'
import type { Ticker } from '#core/ticker'
import type { UnusableFrame } from './aside.ts'
import type { Clock } from './clock.ts'
import type { ExchangeConfig } from './exchange-config.ts'
import { ExchangeConnection } from './exchange-connection.ts'
import { LookoutConnection } from './lookout-connection.ts'
import { MarketPlaces } from './market-places.ts'

/** Where everything goes that the exchange says, in the turn in which it came. */
export type ExchangeSink = {
  /** The type of every frame, before all that it leads to. */
  readonly decoded: (kind: Frame['kind']) => void
  /** A connection is down, and will be made again. */
  readonly again: (connection: number) => void
  readonly records: (records: readonly MarketRecord[]) => void
  /** A trade, a quote, or something that became of a market or an event. */
  readonly frame: (frame: LookoutFrame, now: Micros) => void
  /** A channel of the whole exchange has a hole, or is whole again; its first turn is `resumed`. */
  readonly channel: (turn: ChannelTurn) => void
  readonly aside: UnusableFrame
}

export type ExchangeFeedOptions = {
  readonly config: ExchangeConfig
  readonly clock: Clock
  /** The logs of all markets; a live map, which holds a market's before it is followed. */
  readonly logs: ReadonlyMap<Ticker, MarketLog>
  readonly sink: ExchangeSink
}

/** How one connection does. */
export type ConnectionStatus = {
  readonly connection: number
  readonly state: 'idle' | 'waiting' | 'connecting' | 'connected' | 'held' | 'stopped'
  /** Markets it owns, and markets that are to be its own. */
  readonly owned: number
  readonly markets: number
  readonly sid: number | null
  readonly channels: readonly OpenChannel[]
  readonly frames: number
  readonly reconnects: number
  /** Since its last frame; null while not connected. */
  readonly quietMs: number | null
  /** Changes a second, as last measured. */
  readonly rate: number
}

export type FeedStatus = {
  /** Frames of all connections, and attempts to connect again. */
  readonly frames: number
  readonly reconnects: number
  readonly connections: readonly ConnectionStatus[]
}

/** Every connection to the exchange, and which markets each one brings. */
export class ExchangeFeed {
  readonly #config: ExchangeConfig
  readonly #clock: Clock
  readonly #logs: ReadonlyMap<Ticker, MarketLog>
  readonly #owners = new Owners()
  readonly #connections: readonly ExchangeConnection[]
  readonly #lookout: LookoutConnection
  readonly #places: MarketPlaces
  readonly #timers: NodeJS.Timeout[] = []

  constructor({ config, clock, logs, sink }: ExchangeFeedOptions) {
    this.#config = config
    this.#clock = clock
    this.#logs = logs
    const owners = this.#owners
    const { decoded, again, records, aside } = sink
    this.#connections = Array.from({ length: config.CONNECTIONS }, (_, number) => {
      const events = {
        decoded,
        again,
        records,
        aside,
        moved: (market: Ticker, from: number) => this.#connections[from]?.unfollow([market]),
        astray: (markets: readonly Ticker[]) => this.resync(markets),
        full: (markets: readonly Ticker[]) => this.#places.full(number, markets),
      }
      return new ExchangeConnection({ number, config, clock, owners, events })
    })
    const connections = this.#connections
    this.#places = new MarketPlaces({ config, owners, connections, now: clock() })
    this.#lookout = new LookoutConnection(config.CONNECTIONS, config, clock, {
      decoded,
      again,
      frame: sink.frame,
      channel: sink.channel,
      aside,
    })
  }

  start(): void {
    const { RECOVERY_MS, PROBE_MS, PLACEMENT_EVERY_MS } = this.#config
    for (const { line } of this.#all) line.start()
    const every = Math.ceil(Math.min(RECOVERY_MS, PROBE_MS) / 4)
    this.#timers.push(setInterval(() => this.#tick(), every))
    this.#timers.push(setInterval(() => this.#places.rebalance(this.#clock()), PLACEMENT_EVERY_MS))
  }

  /** Ends the connections; their books are in a gap from their last frames. */
  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    for (const { line } of this.#all) line.stop()
  }

  /** Stops reading, as long as what comes could not be kept. */
  hold(cause: 'overflow' | 'disk'): void {
    for (const { line } of this.#all) line.hold(cause)
  }

  /** Reads again after a hold. */
  release(): void {
    for (const { line } of this.#all) line.release()
  }

  /** Follows markets whose logs are there; those that are followed already stay as they are. */
  follow(markets: readonly Ticker[]): void {
    const fresh: Followed[] = []
    for (const market of markets) {
      const log = this.#logs.get(market)
      if (log === undefined || this.#owners.get(market) !== undefined) continue
      fresh.push(this.#owners.follow(market, log))
    }
    this.#places.place(fresh)
  }

  /** Follows markets no more; what still comes of them only counts. */
  unfollow(markets: readonly Ticker[]): void {
    const gone = new Map<number, Ticker[]>()
    for (const market of markets) {
      const followed = this.#owners.get(market)
      if (followed === undefined) continue
      const at = new Set([followed.target, followed.owner?.connection ?? null])
      for (const connection of at) {
        if (connection === null) continue
        const theirs = gone.get(connection)
        if (theirs === undefined) gone.set(connection, [market])
        else theirs.push(market)
      }
      this.#owners.unfollow(market)
    }
    for (const [connection, theirs] of gone) this.#connections[connection]?.unfollow(theirs)
  }

  /** Asks for fresh books of markets that were found wrong, whose gaps have been recorded. */
  resync(markets: readonly Ticker[]): void {
    const now = this.#clock()
    const owned = Map.groupBy(markets, (market) => this.#owners.get(market)?.owner?.connection)
    for (const [connection, theirs] of owned) {
      if (connection !== undefined) this.#connections[connection]?.resync(theirs, now)
    }
  }

  /**
   * Each connection's last proof of life: the last contiguous frame of its books. One on which nothing depends now, because
   * no book of it is known, is as good as alive; the one that speaks of the whole exchange vouches for no book.
   */
  alive(): readonly ProofOfLife[] {
    const now = this.#clock()
    return this.#connections.map(({ number, vouched }) => ({
      connection: number,
      us: vouched ?? now,
    }))
  }

  /** The moment until which every known book is vouched for; null when none is known. */
  vouched(): Micros | null {
    return this.#connections.reduce<Micros | null>((oldest, { vouched }) => {
      if (vouched === null) return oldest
      return oldest === null || vouched < oldest ? vouched : oldest
    }, null)
  }

  status(): FeedStatus {
    const now = this.#clock()
    const loads = this.#places.loads()
    const books = this.#connections.map(({ number, line, owned, sid }) => {
      const { markets = 0, rate = 0 } = loads[number] ?? {}
      return { ...statusOf(line, now), connection: number, owned, markets, sid, channels: [], rate }
    })
    const { line, channels } = this.#lookout
    const none = { owned: 0, markets: 0, sid: null, rate: 0 }
    const lookout = { ...statusOf(line, now), connection: line.number, ...none, channels }
    return {
      frames: this.#all.reduce((sum, each) => sum + each.line.frames, 0),
      reconnects: this.#all.reduce((sum, each) => sum + each.line.reconnects, 0),
      connections: [...books, lookout],
    }
  }

  get #all(): readonly (ExchangeConnection | LookoutConnection)[] {
    return [...this.#connections, this.#lookout]
  }

  #tick(): void {
    const now = this.#clock()
    for (const each of this.#all) each.tick(now)
  }
}

function statusOf(line: ExchangeConnection['line'], now: Micros) {
  const { state, frames, reconnects, lastFrame } = line
  return {
    state,
    frames,
    reconnects,
    quietMs: lastFrame === null ? null : (now - lastFrame) / 1000,
  }
}
