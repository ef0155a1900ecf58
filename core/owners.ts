import type { MarketLog } from './market-log.ts'
import type { Ticker } from './ticker.ts'

/** A subscription of one connection that can own markets. */
export type Owner = {
  readonly connection: number
  readonly sid: number
  readonly owned: ReadonlySet<Followed>
  /** Markets that another took from it since its last contiguous frame: it may have missed frames of them before. */
  readonly left: Set<Followed>
}

/** A market that we follow, wherever its frames come from. */
export type Followed = {
  readonly market: Ticker
  readonly log: MarketLog
  /** The connection that is to own it; null while none has room for it. */
  readonly target: number | null
  /** The subscription whose frames of it are believed; null when none is. */
  readonly owner: Owner | null
  /** Changes counted since the last measurement, and changes a second as then measured; for placement. */
  changes: number
  rate: number
}

type Mutable = { -readonly [Key in keyof Followed]: Followed[Key] }

/** Which subscription owns which market: never more than one at a time. */
export class Owners {
  readonly #followed = new Map<Ticker, Mutable>()

  get size(): number {
    return this.#followed.size
  }

  /** Everything that is followed. */
  all(): IterableIterator<Followed> {
    return this.#followed.values()
  }

  get(market: Ticker): Followed | undefined {
    return this.#followed.get(market)
  }

  /** Follows a market, if it is not followed already; nobody owns it yet. */
  follow(market: Ticker, log: MarketLog): Followed {
    const before = this.#followed.get(market)
    if (before !== undefined) return before
    const followed = { market, log, target: null, owner: null, changes: 0, rate: 0 }
    this.#followed.set(market, followed)
    return followed
  }

  /** Frames of this market are from now on those of a stranger. */
  unfollow(market: Ticker): void {
    const followed = this.#followed.get(market)
    if (followed === undefined) return
    this.#give(followed, null)
    this.#followed.delete(market)
  }

  /** Says which connection is to own a market; it does so when it brings a snapshot. */
  aim(followed: Followed, connection: number | null): void {
    const mine = this.#mine(followed)
    if (mine !== undefined) mine.target = connection
  }

  /** The subscription that brought the market's snapshot owns it, and whoever did before does not. */
  take(followed: Followed, owner: Owner): void {
    const mine = this.#mine(followed)
    if (mine !== undefined && mine.owner !== owner) this.#give(mine, owner)
  }

  /** The subscription is over: nobody owns what it owned. */
  release(owner: Owner): void {
    for (const followed of [...owner.owned]) {
      const mine = this.#mine(followed)
      if (mine?.owner === owner) this.#give(mine, null)
    }
  }

  #mine(followed: Followed): Mutable | undefined {
    const mine = this.#followed.get(followed.market)
    return mine === followed ? mine : undefined
  }

  #give(followed: Mutable, owner: Owner | null): void {
    ownedBy(followed.owner)?.delete(followed)
    if (owner !== null) followed.owner?.left.add(followed)
    ownedBy(owner)?.add(followed)
    followed.owner = owner
  }
}

/** Only this file changes what a subscription owns. */
function ownedBy(owner: Owner | null): Set<Followed> | undefined {
  return owner?.owned as Set<Followed> | undefined
}
