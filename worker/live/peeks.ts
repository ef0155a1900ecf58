import { isFresh } from '#core/feed-health'
import type { Ticker } from '#core/ticker'
import type { FeedItem } from '#core/wire/feed'
import type { CollectorLink } from './collector-link.ts'
import { tell } from './feed-socket.ts'
import { inTime } from './patience.ts'
import { READ_WATCH_MS } from './watchers.ts'

/** Questions that may wait for the collector's answer; one more is answered that nobody knows. */
const WAITING = 1000
/** Markets whose last read is remembered; of more the oldest are forgotten, and peeked once more. */
const REMEMBERED = 20_000

/** What an image answers. */
export type Looked = {
  /** Without a book when the collector has none; null when it is away. */
  readonly item: FeedItem | null
  /** Up to when that is vouched for, ms; null for not at all. */
  readonly vouchedMs: number | null
}

type Question = {
  readonly market: Ticker
  readonly resolve: (item: FeedItem | null) => void
}

/** A shard's questions about books that nobody follows, and which of them were read of late. */
export class Peeks {
  readonly #waiting = new Map<number, Question>()
  /** When a market was last read, ms; the longest ago first. */
  readonly #read = new Map<Ticker, number>()
  #ref = 0

  /** Notes a read. @returns whether it repeats one of the last minute */
  repeats(market: Ticker, nowMs: number): boolean {
    const before = this.#read.get(market)
    this.#read.delete(market)
    this.#read.set(market, nowMs)
    for (const [oldest, readMs] of this.#read) {
      if (this.#read.size <= REMEMBERED && nowMs - readMs <= READ_WATCH_MS) break
      this.#read.delete(oldest)
    }
    return before !== undefined && nowMs - before <= READ_WATCH_MS
  }

  /** Asks the collector for one image of a market, and waits for it, and for the beat that vouches for it, but not too long. */
  async look(market: Ticker, collector: CollectorLink, patienceMs: number): Promise<Looked> {
    const { socket } = collector
    const askedMs = Date.now()
    const item = socket && (await this.#ask(market, socket, patienceMs))
    if (item === null) return { item, vouchedMs: null }
    if (!isFresh(collector.health.vouchedMs, Date.now())) {
      await collector.nextBeat(Math.max(0, askedMs + patienceMs - Date.now()))
    }
    const { vouchedMs } = collector.health
    const same = socket === collector.socket
    // A later beat vouches for what was sent since, which this image may not hold.
    return { item, vouchedMs: same && vouchedMs !== null ? Math.min(vouchedMs, askedMs) : null }
  }

  async #ask(market: Ticker, socket: WebSocket, patienceMs: number): Promise<FeedItem | null> {
    if (this.#waiting.size >= WAITING) return null
    this.#ref += 1
    const ref = this.#ref
    const { promise, resolve } = Promise.withResolvers<FeedItem | null>()
    this.#waiting.set(ref, { market, resolve })
    tell(socket, { peek: [{ m: market, ref }] })
    const item = await inTime(promise, patienceMs)
    this.#waiting.delete(ref)
    return item
  }

  /** Takes an item if it answers a question, still waiting or not. */
  answer(item: FeedItem): boolean {
    if (item.ref === undefined) return false
    const question = this.#waiting.get(item.ref)
    // One that was asked before this object was evicted may have had the same number.
    if (question?.market === item.m) question.resolve(item)
    return true
  }

  /** Whoever was asked is gone. */
  abandon(): void {
    for (const { resolve } of this.#waiting.values()) resolve(null)
    this.#waiting.clear()
  }
}
