import { FeedHealth, type FeedWord } from '#core/feed-health'
import type { FeedBeat } from '#core/wire/feed'

/** A shard's accepted collector: its socket, and what is known of its sender. */
export class CollectorLink {
  readonly #waiters = new Set<() => void>()
  socket: WebSocket | null
  health = new FeedHealth(Date.now())
  /** Nothing was heard for too long, or there is no socket, and the books were told. */
  silent = false

  /** @param socket one that outlived its object's memory */
  constructor(socket: WebSocket | null) {
    this.socket = socket
  }

  /** A collector was accepted; nothing that an earlier one said counts. */
  open(socket: WebSocket): void {
    this.socket = socket
    this.health = new FeedHealth(Date.now())
    this.silent = false
  }

  /** Nobody vouches for anything now. @returns whether this is news */
  fallSilent(): boolean {
    const news = !this.silent
    this.silent = true
    this.health.vouchedMs = null
    return news
  }

  /** A sign of life. @returns whether it ends a silence */
  heard(): boolean {
    this.health.heard(Date.now())
    const news = this.silent
    this.silent = false
    return news
  }

  beat(beat: FeedBeat): void {
    this.health.beat(beat, Date.now())
    for (const wake of [...this.#waiters]) wake()
  }

  /** Waits for the next beat, or too long. */
  async nextBeat(patienceMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiters.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, patienceMs)
      this.#waiters.add(wake)
    })
  }

  /** The state of the feed in one word. */
  word(): FeedWord {
    return this.socket === null || this.silent ? 'down' : this.health.word()
  }
}
