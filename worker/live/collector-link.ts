import { FeedHealth, type FeedWord } from '#core/feed-health'
import type { Epoch } from '#core/log'
import type { FeedBeat, FromShard } from '#core/wire/feed'
import { tell } from './feed-socket.ts'
import { inTime } from './patience.ts'

/** What `/v1/status` says of a shard: the collector's last beat, and since when nothing was heard. */
export type ShardStatus = {
  readonly feed: FeedWord
  readonly epoch: Epoch | null
  readonly watched: number
  readonly beat: (FeedBeat & { readonly age_ms: number }) | null
}

/** A shard's accepted collector: its socket, and what is known of its sender. */
export class CollectorLink {
  readonly #waiters = new Set<() => void>()
  socket: WebSocket | null
  health = new FeedHealth(Date.now())
  /** Nothing was heard yet, or not for too long, or there is no socket: the books were told. */
  silent = true
  /** When subscribers were last beaten, ms. */
  #heartbeatMs = 0
  /** Up to when all that a collector had heard is known to have come, ms; null before that was ever so. */
  #provenMs: number | null = null

  /** @param socket one that outlived its object's memory */
  constructor(socket: WebSocket | null) {
    this.socket = socket
  }

  /** A collector was accepted; nothing that an earlier one said counts. */
  open(socket: WebSocket): void {
    this.#provenMs = this.provenMs
    this.socket = socket
    this.health = new FeedHealth(Date.now())
  }

  /** Its socket is gone. */
  close(): void {
    this.#provenMs = this.provenMs
    this.socket = null
  }

  /** Up to when all that a collector had heard is known to have come, ms; null when it is not known. */
  get provenMs(): number | null {
    return this.health.vouchedMs ?? this.#provenMs
  }

  /** Whether subscribers are due a heartbeat, which is then taken as given. */
  heartbeatDue(everyMs: number): boolean {
    if (Date.now() - this.#heartbeatMs < everyMs) return false
    this.#heartbeatMs = Date.now()
    return true
  }

  /** Says something to the collector, if it is there. */
  say(message: FromShard): void {
    if (this.socket !== null) tell(this.socket, message)
  }

  /** Nobody vouches for anything now. @returns whether this is news */
  fallSilent(): boolean {
    const news = !this.silent
    this.silent = true
    this.#provenMs = this.provenMs
    this.health.vouchedMs = null
    return news
  }

  /** The collector says how it does. @returns whether this ends a silence */
  beat(beat: FeedBeat): boolean {
    const news = this.silent
    this.silent = false
    this.health.beat(beat, Date.now())
    for (const wake of [...this.#waiters]) wake()
    return news
  }

  /** Waits for the next beat, or too long. */
  async nextBeat(patienceMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiters.add(resolve)
    await inTime(promise, patienceMs)
    this.#waiters.delete(resolve)
  }

  /** What is known of the collector now. */
  status(epoch: Epoch | null, watched: number): ShardStatus {
    const { last, heardMs } = this.health
    const beat = last && { ...last, age_ms: Date.now() - heardMs }
    return { feed: this.word(), epoch, watched, beat }
  }

  /** The state of the feed in one word. */
  word(): FeedWord {
    return this.socket === null || this.silent ? 'down' : this.health.word()
  }
}
