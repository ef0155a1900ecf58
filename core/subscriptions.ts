import { tradingIsOver } from './market-status.ts'
import type { StreamFault } from './stream-hearing.ts'
import type { WireListing } from './wire/directory.ts'
import type { StreamChannel, StreamDepth, SubscribeCommand } from './wire/stream-command.ts'

/** Open subscriptions of one connection at most. */
export const OPEN_SUBS = 100

/** How a market's book is shown. */
export type Style = { readonly depth: StreamDepth | null; readonly conflateMs: number }

/** What a subscription asks for. */
export type Wanted = Pick<
  SubscribeCommand,
  'channels' | 'markets' | 'events' | 'series' | 'all' | 'depth' | 'conflate_ms'
>

/** What a connection is told of a market: of its book in one style, null when not at all. */
export type Cover = {
  readonly book: Style | null
  readonly channels: readonly StreamChannel[]
}

export type Rejected = { readonly market: string; readonly code: 'not_found' | 'too_many_markets' }
/** What becomes of a subscribe. */
export type Judged =
  | { readonly kind: 'fault'; readonly fault: StreamFault }
  | { readonly kind: 'accepted'; readonly members: string[]; readonly rejected: Rejected[] }
/** Markets that came to a subscription, or went. */
export type Moved = {
  readonly sub: number
  readonly joined: readonly string[]
  readonly left: readonly string[]
}

/** The first market for which a selection had no room. */
export type LeftOut = { readonly sub: number; readonly market: string }

type Sub = {
  readonly wanted: Wanted
  readonly named: Set<string>
  readonly members: Set<string>
  /** Whether a market was left out since all had room. */
  isFull: boolean
}

/** The exchange is done with a market: nothing more comes of it. */
const SETTLED = 'finalized'

/** The subscriptions of one connection: which markets are members of which. */
export class Subscriptions {
  /** How many markets they may cover together. */
  most: number
  /** In the order of their numbers. */
  readonly #subs = new Map<number, Sub>()
  /** The subscriptions of each market, lowest first. */
  readonly #of = new Map<string, number[]>()
  #leftOut: LeftOut[] = []

  constructor(most: number) {
    this.most = most
  }

  get markets(): IterableIterator<string> {
    return this.#of.keys()
  }
  /** How many markets they cover together. */
  get size(): number {
    return this.#of.size
  }
  get numbers(): number[] {
    return [...this.#subs.keys()]
  }
  /** Whether one covers what is listed in future. */
  get selects(): boolean {
    return [...this.#subs.values()].some(({ wanted }) => isSelection(wanted))
  }

  /** Whether one has a channel. */
  hears(channel: StreamChannel): boolean {
    return [...this.#subs.values()].some(({ wanted }) => wanted.channels.includes(channel))
  }

  /** A fault that can be told before any market is looked up; null when there is none. */
  objection(wanted: Wanted): StreamFault | null {
    if (wanted.markets.length === 0 && !isSelection(wanted)) {
      return { code: 'invalid_param', message: 'markets, events, series or all must name some' }
    }
    if (this.#subs.size < OPEN_SUBS) return null
    const message = `a connection may have ${OPEN_SUBS} subscriptions`
    return { code: 'invalid_param', message }
  }

  /**
   * Judges a subscribe: markets that are named are rejected one by one, a selection goes in whole or not at all.
   * @param found the markets of it that there are
   * @param unknown what it names and is not there
   */
  judge(wanted: Wanted, found: Iterable<string>, unknown: readonly string[]): Judged {
    const named = new Set(wanted.markets)
    const members: string[] = []
    const rejected: Rejected[] = unknown.map((market) => ({ market, code: 'not_found' }))
    let count = this.#of.size
    const over: string[] = []
    for (const market of found) {
      const isNew = !this.#of.has(market)
      if (isNew && count >= this.most) over.push(market)
      else {
        if (isNew) count += 1
        members.push(market)
      }
    }
    if (isSelection(wanted) && over.length > 0) {
      const message = `a connection of this plan may follow ${this.most} markets`
      return { kind: 'fault', fault: { code: 'too_many_markets', message } }
    }
    for (const market of over) {
      if (named.has(market)) rejected.push({ market, code: 'too_many_markets' })
    }
    return { kind: 'accepted', members, rejected }
  }

  /** Opens a subscription with these members. */
  open(sub: number, wanted: Wanted, members: Iterable<string>): void {
    const one = {
      wanted,
      named: new Set(wanted.markets),
      members: new Set<string>(),
      isFull: false,
    }
    this.#subs.set(sub, one)
    for (const market of members) this.#join(sub, one, market)
  }

  /** Ends a subscription. @returns the markets that it had; null when there is none of this number */
  end(sub: number): string[] | null {
    const one = this.#subs.get(sub)
    if (one === undefined) return null
    const members = [...one.members]
    for (const market of members) this.#leave(sub, one, market)
    this.#subs.delete(sub)
    return members
  }

  /** What this connection is told of a market, by all its subscriptions; null when nothing is. */
  cover(market: string): Cover | null {
    const numbers = this.#of.get(market)
    if (numbers === undefined) return null
    let book: Style | null = null
    const channels = new Set<StreamChannel>()
    for (const number of numbers) {
      const wanted = this.#subs.get(number)?.wanted
      if (wanted === undefined) continue
      for (const channel of wanted.channels) channels.add(channel)
      if (wanted.channels.includes('book')) {
        book ??= { depth: wanted.depth, conflateMs: wanted.conflate_ms }
      }
    }
    return { book, channels: [...channels] }
  }

  /**
   * Takes in what the directory says of a market: one that is new joins, as long as there is room; one that has settled
   * leaves what selected it, but not what named it.
   */
  hear({ m, event, series, status }: WireListing): Moved[] {
    const moved: Moved[] = []
    for (const [sub, one] of this.#subs) {
      const { wanted } = one
      const selected =
        wanted.all ||
        wanted.events.includes(event) ||
        (series !== null && wanted.series.includes(series))
      if (!selected || one.named.has(m)) continue
      const isMember = one.members.has(m)
      if (isMember && status === SETTLED) {
        this.#leave(sub, one, m)
        moved.push({ sub, joined: [], left: [m] })
      } else if (!isMember && !tradingIsOver(status)) {
        const out = this.#hasRoom(m) ? null : m
        this.#judgeRoom(sub, one, out)
        if (out !== null) continue
        this.#join(sub, one, m)
        moved.push({ sub, joined: [m], left: [] })
      }
    }
    return moved
  }

  /** What a subscription wants, to select its markets anew; null when it selects none. */
  selection(sub: number): Wanted | null {
    const wanted = this.#subs.get(sub)?.wanted
    return wanted === undefined || !isSelection(wanted) ? null : wanted
  }

  /**
   * Takes in a selection that was made anew.
   * @param found the markets that it selects or names now
   * @param settled whether the exchange is done with a member that it does not select any more
   */
  reselect(sub: number, found: Iterable<string>, settled: (market: string) => boolean): Moved {
    const one = this.#subs.get(sub)
    if (one === undefined) return { sub, joined: [], left: [] }
    const now = new Set(found)
    const left = [...one.members].filter(
      (market) => !now.has(market) && !one.named.has(market) && settled(market),
    )
    for (const market of left) this.#leave(sub, one, market)
    const joined = [...now].filter((market) => !one.members.has(market) && !one.named.has(market))
    const room = joined.filter((market) => {
      const has = this.#hasRoom(market)
      if (has) this.#join(sub, one, market)
      return has
    })
    const inside = new Set(room)
    this.#judgeRoom(sub, one, joined.find((market) => !inside.has(market)) ?? null)
    return { sub, joined: room, left }
  }

  /** Selections that had no room for a market, each once until it has room again; they are not told a second time. */
  takeLeftOut(): readonly LeftOut[] {
    const leftOut = this.#leftOut
    this.#leftOut = []
    return leftOut
  }

  /** The members of a subscription. */
  members(sub: number): ReadonlySet<string> {
    return this.#subs.get(sub)?.members ?? new Set()
  }

  /** @param out the first market for which a selection had no room, null when it had */
  #judgeRoom(sub: number, one: Sub, out: string | null): void {
    if (out !== null && !one.isFull) this.#leftOut.push({ sub, market: out })
    one.isFull = out !== null
  }

  #hasRoom(market: string): boolean {
    return this.#of.has(market) || this.#of.size < this.most
  }

  #join(sub: number, { members }: Sub, market: string): void {
    if (members.has(market)) return
    members.add(market)
    const numbers = this.#of.get(market)
    if (numbers === undefined) this.#of.set(market, [sub])
    else if (!numbers.includes(sub))
      this.#of.set(
        market,
        [...numbers, sub].sort((a, b) => a - b),
      )
  }

  #leave(sub: number, { members }: Sub, market: string): void {
    members.delete(market)
    const numbers = (this.#of.get(market) ?? []).filter((each) => each !== sub)
    if (numbers.length === 0) this.#of.delete(market)
    else this.#of.set(market, numbers)
  }
}

function isSelection({ events, series, all }: Wanted): boolean {
  return all || events.length > 0 || series.length > 0
}

/** Whether two show a book in the same way. */
export function sameStyle(a: Style | null, b: Style | null): boolean {
  return a?.depth === b?.depth && a?.conflateMs === b?.conflateMs
}
