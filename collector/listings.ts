import { LISTINGS, type WireListing } from '#core/wire/directory'

/** Listings that come within so long of each other are told together. */
const GATHER_MS = 100
/** Listings told so lately are told again to a shard that greets us: who read the store and then listens misses none. */
const AGAIN_MS = 60_000
/** So many of them at most, the newest. */
const AGAIN = 5000

type Told = { readonly listing: WireListing; readonly atMs: number }

/** Tells every shard of new markets and of changed places and states, some at a time. */
export class Listings {
  readonly #tell: (text: string) => void
  readonly #waiting = new Map<string, WireListing>()
  readonly #told = new Map<string, Told>()
  #timer: NodeJS.Timeout | null = null

  /** @param tell takes a message for every shard */
  constructor(tell: (text: string) => void) {
    this.#tell = tell
  }

  /** Takes a market's last word; an earlier one that waits need not be told. */
  add(listing: WireListing): void {
    this.#waiting.set(listing.m, listing)
    if (this.#waiting.size >= LISTINGS) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), GATHER_MS)
  }

  /** Messages that tell once more what was told of late. @param nowMs as `Date.now()` */
  again(nowMs: number): string[] {
    const fresh = [...this.#told.values()].filter(({ atMs }) => nowMs - atMs <= AGAIN_MS)
    const messages: string[] = []
    for (let at = 0; at < fresh.length; at += LISTINGS) {
      messages.push(messageOf(fresh.slice(at, at + LISTINGS).map(({ listing }) => listing)))
    }
    return messages
  }

  /** Tells what waits, and rests until there is more. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#waiting.size === 0) return
    const listings = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#tell(messageOf(listings))
    this.#remember(listings, Date.now())
  }

  #remember(listings: readonly WireListing[], nowMs: number): void {
    for (const listing of listings) {
      this.#told.delete(listing.m)
      this.#told.set(listing.m, { listing, atMs: nowMs })
    }
    for (const [market, { atMs }] of this.#told) {
      if (this.#told.size <= AGAIN && nowMs - atMs <= AGAIN_MS) break
      this.#told.delete(market)
    }
  }
}

function messageOf(directory: readonly WireListing[]): string {
  return JSON.stringify({ directory })
}
