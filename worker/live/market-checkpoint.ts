import type { KeptBook, LiveBook } from '#core/live-book'
import type { WireStatus } from '#core/wire/status'

/** A book is written so often at most, ms: a row a batch would cost more than all else. */
const EVERY_MS = 15_000
/** A book of more levels is not written: its object asks for an image when it forgot. */
const LEVELS = 20_000

/** What nothing was heard of for so long (ms) is forgotten: markets come and go for ever. */
const KEPT_MS = 7 * 86_400_000

const UNCONFIRMED = { allowUnconfirmed: true } as const

type Checkpoint = { readonly savedMs: number; readonly book: KeptBook }

/** What a market's object finds again after it was evicted: its book as it was, and where the market stands. */
export class MarketCheckpoint {
  readonly #storage: DurableObjectStorage
  #savedMs: number
  /** An alarm is set, by which what was kept for long enough goes. */
  #armed = false

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
    this.#put('book', { savedMs: nowMs, book } satisfies Checkpoint, nowMs)
  }

  /** Keeps where the market stands; it turns a few times in its life. */
  saveStatus(status: WireStatus, nowMs: number): void {
    this.#put('status', status, nowMs)
  }

  /** Forgets all that was kept when nothing was for long; else looks again when it will be so. */
  async expire(nowMs: number): Promise<void> {
    const dueMs = (this.#read()?.savedMs ?? 0) + KEPT_MS
    if (nowMs < dueMs) return this.#storage.setAlarm(dueMs)
    this.#savedMs = 0
    this.#armed = false
    await this.#storage.deleteAll()
  }

  #read(): Checkpoint | null {
    return this.#storage.kv.get<Checkpoint>('book') ?? null
  }

  #put(key: string, value: unknown, nowMs: number): void {
    // Nothing that is sent waits for it; and lost it costs an image.
    this.#storage.put(key, value, UNCONFIRMED).catch(() => {})
    if (!this.#armed) void this.#arm(nowMs + KEPT_MS).catch(() => {})
  }

  async #arm(dueMs: number): Promise<void> {
    this.#armed = true
    if ((await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(dueMs, UNCONFIRMED)
  }
}

function levelsOf({ entries }: KeptBook): number {
  return entries.reduce(
    (sum, each) => sum + ('yes' in each ? each.yes.length + each.no.length : 0),
    0,
  )
}
