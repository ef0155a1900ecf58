import type { WireTrade } from '#core/wire/trade'
import { LiveStream } from '../../../client/live.ts'
import type { StopCause, StreamEvent } from '../../../client/stream-event.ts'
import {
  keylessStand,
  NEEDS_KEY,
  NOT_OPENED,
  type Stand,
  standOf,
  stoppedStand,
} from './live-stand.ts'
import { forgetPageKey, pageKey } from './page-key.ts'
import { part } from './part.ts'
import { Ladder } from './picture/ladder.ts'
import { TradeList } from './trade-list.ts'

const DEPTH = 12
const TRADES = 20
/** Visitors' books are told no more often, ms. */
const CONFLATE_MS = 250
/** A page's key that is refused is made anew by itself, but not more often than this, ms. */
const TOO_SOON_MS = 10_000

type Key = { readonly text: string; readonly visitor: boolean; readonly own: boolean }

/** The book of one market on its page, as it moves. */
export class LiveBook {
  readonly #ticker: string
  readonly #ladder = new Ladder(part('ladder'), DEPTH)
  readonly #trades = new TradeList(part('trades'), TRADES)
  readonly #told: (stand: Stand) => void
  #stream: LiveStream | null = null
  #key: Key | null = null
  #renewedMs = Number.NEGATIVE_INFINITY
  /** How often it was begun: what an earlier beginning waits for comes too late. */
  #begun = 0
  #feed = 'healthy'
  #failing = false
  #dirty = false
  /** How it stands for good; null while it goes on. */
  #ended: Stand | null = null

  /** @param told hears how the book stands, at each change of it */
  constructor(ticker: string, told: (stand: Stand) => void) {
    this.#ticker = ticker
    this.#told = told
  }

  /** Follows the book from now on. @param own a key of one's own; null for that of the page */
  async begin(own: string | null): Promise<void> {
    this.#stream?.close()
    this.#stream = null
    this.#ended = null
    this.#feed = 'healthy'
    this.#failing = false
    this.#begun += 1
    const begun = this.#begun
    this.#later()
    const key = own === null ? await this.#keyOfPage() : { text: own, visitor: false, own: true }
    if (begun !== this.#begun) return
    if ('ended' in key) return this.#end(key.ended)
    this.#key = key
    const address = { url: location.origin, apiKey: key.text }
    const stream = new LiveStream(key.visitor ? address : { ...address, market: this.#ticker })
    this.#stream = stream
    const channels = ['book', 'trade', 'status'] as const
    const ofVisitor = { markets: [this.#ticker], conflateMs: CONFLATE_MS }
    stream.subscribe({ channels, ...(key.visitor ? ofVisitor : {}) })
    void this.#showPast(key.text)
    for await (const event of stream) {
      if (stream !== this.#stream) return
      this.#hear(event)
    }
  }

  async #keyOfPage(): Promise<Key | { readonly ended: Stand }> {
    const made = await pageKey()
    if (!made.ok) return { ended: keylessStand(made.message) }
    const { key, markets } = made.key
    if (markets !== null && !markets.includes(this.#ticker)) return { ended: NEEDS_KEY }
    return { text: key, visitor: markets !== null, own: false }
  }

  /** The trades before those that the stream tells. */
  async #showPast(key: string): Promise<void> {
    const path = `/v1/markets/${encodeURIComponent(this.#ticker)}/trades?order=desc&limit=${TRADES}`
    const headers = { authorization: `Bearer ${key}` }
    const answer = await fetch(path, { headers }).catch(() => null)
    // A key may be for live books alone.
    if (answer === null || !answer.ok) return
    const { data } = (await answer.json()) as { readonly data: readonly WireTrade[] }
    this.#trades.addPast(data)
  }

  #hear(event: StreamEvent): void {
    switch (event.type) {
      case 'heartbeat': {
        this.#feed = event.feed
        const age = event.upstream_age_ms
        // A moment stays true when nothing comes any more; "90 ms ago" would not.
        const heard = age === null ? null : new Date(Date.now() - age).toISOString().slice(11, 19)
        part('age').textContent =
          heard === null ? '' : `The exchange was last heard at ${heard} UTC.`
        break
      }
      case 'welcome':
        this.#failing = false
        break
      case 'stale':
        this.#failing = event.cause === 'disconnected'
        break
      case 'trade':
        this.#trades.add(event)
        break
      case 'trade_gap':
        part('trade-note').textContent = 'some trades are missing'
        break
      case 'behind':
        if (event.trades > 0) part('trade-note').textContent = 'some trades were passed over'
        break
      case 'subscribed':
        if (event.accepted === 0) this.#end(stoppedStand('refused', 'it is not among them', true))
        break
      case 'error':
        this.#end(stoppedStand('refused', event.message, this.#key?.visitor ?? true))
        break
      case 'stopped':
        this.#stopped(event.cause, event.message)
        break
      default:
        break
    }
    this.#later()
  }

  #stopped(cause: StopCause, message: string): void {
    const refused = cause === 'unauthorized' || cause === 'key_revoked'
    if (refused && this.#key?.own === false) {
      forgetPageKey(this.#key.text)
      const nowMs = performance.now()
      if (nowMs - this.#renewedMs > TOO_SOON_MS) {
        this.#renewedMs = nowMs
        void this.begin(null)
        return
      }
    }
    this.#end(stoppedStand(cause, message, this.#key?.visitor ?? true))
  }

  #end(stand: Stand): void {
    this.#ended = stand
    this.#stream?.close()
    this.#later()
  }

  #later(): void {
    if (this.#dirty) return
    this.#dirty = true
    requestAnimationFrame(() => this.#draw())
  }

  #draw(): void {
    this.#dirty = false
    const book = this.#stream?.book(this.#ticker) ?? null
    if (book !== null && book.seq !== null) part('seq').textContent = `seq ${book.seq}`
    this.#told(
      this.#ended ?? (this.#failing && book === null ? NOT_OPENED : standOf(book, this.#feed)),
    )
    this.#ladder.show(book?.view(DEPTH) ?? null, book === null || book.stale)
  }
}
