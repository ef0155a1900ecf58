import type { KeptBook, LiveBook } from '#core/live-book'
import type { WireStatus } from '#core/wire/status'

/** A book is written so often at most, ms: a row a batch would cost more than all else. */
const EVERY_MS = 15_000
/** A book of more levels is not written: its object asks for an image when it forgot. */
const LEVELS = 20_000

type Checkpoint = { readonly savedMs: number; readonly book: KeptBook }

/** What a market's object finds again after it was evicted: its book as it was, and where the market stands. */
export class MarketCheckpoint {
  readonly #storage: DurableObjectStorage
  #savedMs: number

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.#savedMs = this.#read()?.savedMs ?? 0
  }

  /** The book as it was kept; null when none was. */
  get book(): KeptBook | null {
    return this.#read()?.book ?? null
  }
  /** Where the market stood; null when nothing was heard of that. */
  get status(): WireStatus | null {
    return this.#storage.kv.get<WireStatus>('status') ?? null
  }

  /**
   * Keeps a book, unless one was kept of late. To be called after all was sent: what is sent after a write waits for it.
   */
  save(live: LiveBook, nowMs: number): void {
    if (nowMs - this.#savedMs < EVERY_MS) return
    const book = live.kept()
    if (book === null || levelsOf(book) > LEVELS) return
    this.#savedMs = nowMs
    this.#put('book', { savedMs: nowMs, book } satisfies Checkpoint)
  }

  /** Keeps where the market stands; it turns a few times in its life. */
  saveStatus(status: WireStatus): void {
    this.#put('status', status)
  }

  #read(): Checkpoint | null {
    return this.#storage.kv.get<Checkpoint>('book') ?? null
  }

  #put(key: string, value: unknown): void {
    // Nothing that is sent waits for it; and lost it costs an image.
    this.#storage.put(key, value, { allowUnconfirmed: true }).catch(() => {})
  }
}

function levelsOf({ entries }: KeptBook): number {
  return entries.reduce(
    (sum, each) => sum + ('yes' in each ? each.yes.length + each.no.length : 0),
    0,
  )
}
