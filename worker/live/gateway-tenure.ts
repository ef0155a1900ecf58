import type { LeaseAsk, LeaseWord } from '#core/admission'
import { MarketMinutes } from '#core/market-minutes'
import { type Kept, keep } from './gateway-kept.ts'

/** So many markets are remembered whose books were shown; of more, all are forgotten. */
const SHOWN = 10_000

/** By what right a connection is open: its lease, what it was told in all, and what outlives its object's memory. */
export class Tenure {
  /** What it was told, by which it is charged. */
  readonly minutes: MarketMinutes
  readonly #socket: WebSocket
  /** Markets whose books it was shown and follows no more. */
  readonly #shown = new Set<string>()
  #kept: Kept
  /** When its account let it go on, ms. */
  renewedMs = Date.now()

  constructor(socket: WebSocket, kept: Kept) {
    this.#socket = socket
    this.#kept = kept
    this.minutes = new MarketMinutes(kept.minutes)
  }

  get kept(): Kept {
    return this.#kept
  }

  /** The number of the next subscription, kept while the object is away. */
  nextSub(): number {
    const last = this.#kept.last + 1
    this.#keep({ last })
    return last
  }

  /** A book that was shown is followed no more. */
  show(market: string): void {
    if (this.#shown.size >= SHOWN) this.#shown.clear()
    this.#shown.add(market)
  }

  /** Whether a book was shown before, so that who follows it asks for it again. */
  wasShown(market: string): boolean {
    return this.#shown.has(market)
  }

  /** What its account is asked when it is to go on, or told when it is over. */
  ask(): LeaseAsk {
    const { lease, keyId, rev } = this.#kept.lease
    const minutes = this.minutes.kept
    // What is told is kept before: it counts once, whatever becomes of this object.
    this.#keep({ minutes })
    return { lease, keyId, rev, marketMinutes: minutes.total }
  }

  /** Its account lets it go on, by its plan of now. @returns whether that is another one */
  renew({ plan, streams }: Extract<LeaseWord, { ok: true }>, nowMs: number): boolean {
    this.renewedMs = nowMs
    const { lease } = this.#kept
    const turned = lease.plan !== plan
    if (turned || lease.streams.markets !== streams.markets) {
      this.#keep({ lease: { ...lease, plan, streams } })
    }
    return turned
  }

  #keep(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change }
    keep(this.#socket, this.#kept)
  }
}
