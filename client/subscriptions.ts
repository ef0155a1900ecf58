import type { StreamChannel, StreamDepth } from '#core/wire/stream-command'
import type { FollowedBook, Shown } from './followed-book.ts'

/** What is asked for; on a single market's stream only `channels` counts. */
export type Selection = {
  readonly markets?: readonly string[]
  readonly events?: readonly string[]
  readonly series?: readonly string[]
  readonly all?: boolean
  /** Only `book` when absent. */
  readonly channels?: readonly StreamChannel[]
  /** Levels of a side; all when absent or null. */
  readonly depth?: StreamDepth | null
  /** For how long (ms) changes are gathered at most. */
  readonly conflateMs?: number
}

type Wanted = {
  readonly id: number
  readonly selection: Selection
  readonly markets: ReadonlySet<string>
  /** Of what it may cover, this was said not to be among it on this connection. */
  readonly without: Set<string>
  /** From when trades are resumed, µs of the server's clock; null until a connection ended on which it was ready. */
  tradesUs: number | null
  sub: number | null
  ready: boolean
}

/** A subscribe may have 1 MiB; so much of it (characters) is used: what is not resumed for want of room gets an image. */
const SUBSCRIBE_CHARS = 1_000_000
/** The checksum is of so many levels a side. */
const CHECKED_LEVELS = 10

/** All that is subscribed to, over every connection of one stream. */
export class Subscriptions {
  readonly #only: string | null
  readonly #wanted = new Map<number, Wanted>()
  readonly #shown = new Map<string, Shown | null>()
  #last = 0

  /** @param only the market of a single market's stream, else null */
  constructor(only: string | null) {
    this.#only = only
  }

  /** Whether all was sent that the subscriptions begin with. */
  get ready(): boolean {
    return [...this.#wanted.values()].every(({ ready }) => ready)
  }

  get ids(): number[] {
    return [...this.#wanted.keys()]
  }

  /** @returns the new subscription's id */
  add(selection: Selection): number {
    this.#last += 1
    const markets = new Set(this.#only === null ? selection.markets : [this.#only])
    const id = this.#last
    const fresh = { tradesUs: null, sub: null, ready: false }
    this.#wanted.set(id, { id, selection, markets, without: new Set(), ...fresh })
    this.#shown.clear()
    return id
  }

  /** @returns its number on this connection, null when it has none */
  remove(id: number): number | null {
    const sub = this.#wanted.get(id)?.sub ?? null
    this.#wanted.delete(id)
    this.#shown.clear()
    return sub
  }

  /** The server has given a subscription its number. @returns false when it is no longer wanted */
  opened(id: number, sub: number): boolean {
    const wanted = this.#wanted.get(id)
    if (wanted === undefined) return false
    wanted.sub = sub
    return true
  }

  /** The id of the subscription with this number; null when there is none. */
  idOf(sub: number): number | null {
    for (const wanted of this.#wanted.values()) if (wanted.sub === sub) return wanted.id
    return null
  }

  /** Whether a subscription that was asked for has no number yet. */
  isPending(id: number): boolean {
    return this.#wanted.get(id)?.sub === null
  }

  /** All that a subscription begins with was sent. @returns its id, null when it is no longer wanted */
  readied(sub: number): number | null {
    const id = this.idOf(sub)
    const wanted = id === null ? undefined : this.#wanted.get(id)
    if (wanted === undefined) return null
    wanted.ready = true
    return wanted.id
  }

  /** A subscription does not have this market. @returns whether no other one may cover it either */
  without(id: number, market: string): boolean {
    this.#wanted.get(id)?.without.add(market)
    this.#shown.delete(market)
    if (this.shown(market) !== null) return false
    for (const wanted of this.#wanted.values()) wanted.without.delete(market)
    this.#shown.delete(market)
    return true
  }

  /** A subscription has this market from now on. */
  joined(id: number, market: string): void {
    this.#wanted.get(id)?.without.delete(market)
    this.#shown.delete(market)
  }

  /**
   * The connection is gone, and the numbers with it.
   * @param tradesUs from when those resume trades that were ready; the others were not told all, whatever came live meanwhile
   */
  disconnect(tradesUs: number | null): void {
    for (const wanted of this.#wanted.values()) {
      if (wanted.ready) wanted.tradesUs = tradesUs
      wanted.sub = null
      wanted.ready = false
      wanted.without.clear()
    }
    this.#shown.clear()
  }

  /**
   * How much of a market's book is shown: what the narrowest subscription shows that may cover it, since nobody says which of
   * events, series and all it belongs to; null when none covers it.
   */
  shown(market: string): Shown | null {
    const known = this.#shown.get(market)
    if (known !== undefined) return known
    const depths = [...this.#wanted.values()]
      .filter((wanted) => mayCover(wanted, market))
      .map(({ selection }) => selection.depth ?? null)
    const shown = depths.length === 0 ? null : leastOf(depths)
    this.#shown.set(market, shown)
    return shown
  }

  /**
   * What subscribes to `id` on a new connection.
   * @param books what was followed until now
   */
  command(id: number, books: Iterable<FollowedBook>): object | null {
    const wanted = this.#wanted.get(id)
    if (wanted === undefined) return null
    const { selection, tradesUs } = wanted
    const channels = selection.channels ?? ['book']
    const resume = channels.includes('book') ? this.#resumed(wanted, books) : {}
    return {
      op: 'subscribe',
      id,
      channels,
      ...(this.#only === null ? selectorsOf(selection) : {}),
      ...(Object.keys(resume).length === 0 ? {} : { resume }),
      ...(tradesUs !== null && channels.includes('trade') ? { resume_trades_us: tradesUs } : {}),
    }
  }

  #resumed(wanted: Wanted, books: Iterable<FollowedBook>): Record<string, number> {
    const resume: Record<string, number> = {}
    let left = SUBSCRIBE_CHARS - JSON.stringify(selectorsOf(wanted.selection)).length
    for (const book of books) {
      const { market, seq } = book
      if (!mayCover(wanted, market)) continue
      const text = market.length + 24
      // What is cut to a depth is not the book that records apply to.
      const resumed = seq !== null && !book.awaiting && left >= text && this.shown(market) === 'all'
      book.reconnect(resumed)
      if (!resumed) continue
      left -= text
      resume[market] = seq
    }
    return resume
  }
}

function mayCover({ selection, markets, without }: Wanted, market: string): boolean {
  const { events = [], series = [], all = false, channels = ['book'] } = selection
  if (!channels.includes('book') || without.has(market)) return false
  return all || events.length > 0 || series.length > 0 || markets.has(market)
}

function leastOf(depths: readonly (number | null)[]): Shown {
  if (depths.every((depth) => depth === null)) return 'all'
  return depths.every((depth) => depth === null || depth >= CHECKED_LEVELS) ? 'ten' : 'fewer'
}

function selectorsOf({ markets, events, series, all, depth, conflateMs }: Selection): object {
  return {
    ...(markets === undefined ? {} : { markets }),
    ...(events === undefined ? {} : { events }),
    ...(series === undefined ? {} : { series }),
    ...(all === undefined ? {} : { all }),
    ...(depth === undefined ? {} : { depth }),
    ...(conflateMs === undefined ? {} : { conflate_ms: conflateMs }),
  }
}
