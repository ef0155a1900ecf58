/** What is unsent on one customer's socket, in bytes. */
export const UNSENT = {
  /** From here on nothing is queued: markets are owed an image. */
  high: 256 * 1024,
  /** The socket has drained when it comes down to this. */
  low: 64 * 1024,
  /** What is owed is paid up to this, so that what comes live goes first. */
  pace: 128 * 1024,
  /** With more it is closed. */
  most: 1024 * 1024,
} as const
/** A socket that does not drain within this is closed, ms. */
export const DRAIN_MS = 10_000
/** A slow reader is warned so often, ms. */
const WARN_MS = 1000

/** What is to become of a message: sent now, told later by what is then the state, or nothing as the socket is given up. */
export type Verdict = 'send' | 'owe' | 'close'

/** Decides what one customer's socket is sent now: the one place that knows a slow reader. All times in ms of one clock. */
export class Outgoing {
  /** Since when the socket drains; null while it keeps up. */
  #drainingMs: number | null = null
  /** When it was last seen to have little unsent. */
  #drainedMs: number
  #warnedMs = Number.NEGATIVE_INFINITY
  #warning: number | null = null

  constructor(nowMs: number) {
    this.#drainedMs = nowMs
  }

  get draining(): boolean {
    return this.#drainingMs !== null
  }

  /**
   * Judges a message that comes now.
   * @param unsent bytes that the socket holds
   */
  judge(unsent: number, nowMs: number): Verdict {
    if (unsent > UNSENT.most) return 'close'
    if (unsent <= UNSENT.low) {
      this.#drainingMs = null
      this.#drainedMs = nowMs
      return 'send'
    }
    if (this.#drainingMs === null && unsent >= UNSENT.high) this.#beginDraining(nowMs)
    if (this.#drainingMs === null) return 'send'
    return nowMs - this.#drainingMs > DRAIN_MS ? 'close' : 'owe'
  }

  /** How long (ms) the reader has been behind, when it is to be warned; null when not. Told once. */
  takeWarning(): number | null {
    const lag = this.#warning
    this.#warning = null
    return lag
  }

  #beginDraining(nowMs: number): void {
    this.#drainingMs = nowMs
    if (nowMs - this.#warnedMs < WARN_MS) return
    this.#warnedMs = nowMs
    this.#warning = Math.max(0, Math.round(nowMs - this.#drainedMs))
  }
}
