import { Backoff } from '#core/backoff'
import { type Loss, meaningOf } from './loss.ts'
import type { StopCause } from './stream-event.ts'

/** What follows a loss. */
export type Verdict =
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'stop'; readonly cause: StopCause; readonly message: string }

/** A connection that lasted so long (ms) was a healthy one: the losses before it are forgotten. */
const HEALTHY_MS = 60_000
/** An attempt that is not open after so long (ms) is given up. */
const OPENING_MS = 10_000

/**
 * When a stream is connected again, with full jitter, and when it has been silent for too long. All times are ms of one
 * clock that never goes back.
 */
export class Reconnect {
  readonly #silentMs: number
  readonly #random: () => number
  readonly #backoff = new Backoff(HEALTHY_MS)
  #openedMs: number | null = null
  #deadlineMs: number | null = null

  /**
   * @param silentMs a connection of which nothing was heard for so long is lost
   * @param random in [0, 1): spreads the attempts of many clients
   */
  constructor(silentMs: number, random: () => number) {
    this.#silentMs = silentMs
    this.#random = random
  }

  /** When the connection, or the attempt at one, is to be given up; null when there is none. */
  get deadlineMs(): number | null {
    return this.#deadlineMs
  }

  /** An attempt begins. */
  opening(nowMs: number): void {
    this.#deadlineMs = nowMs + OPENING_MS
  }

  /** The socket is open. */
  opened(nowMs: number): void {
    this.#openedMs = nowMs
    this.heard(nowMs)
  }

  /** Any message is a sign of life. */
  heard(nowMs: number): void {
    this.#deadlineMs = nowMs + this.#silentMs
  }

  /** The connection is lost, or was not got. */
  lost(loss: Loss, nowMs: number): Verdict {
    if (this.#openedMs !== null) this.#backoff.lost(nowMs - this.#openedMs)
    this.#openedMs = null
    this.#deadlineMs = null
    const meaning = meaningOf(loss)
    if (meaning.kind === 'stop') return meaning
    return { kind: 'retry', afterMs: meaning.atLeastMs + this.#backoff.next(this.#random()) }
  }
}
