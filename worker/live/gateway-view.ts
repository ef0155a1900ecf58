import { BookView } from '#core/book-view'
import type { LiveBook } from '#core/live-book'
import { minuteOf } from '#core/market-minutes'
import type { Style } from '#core/subscriptions'
import type { ImageReason } from '#core/wire/stream'
import type { BookMessage } from '#core/wire/stream-message'
import { countTold, encode } from './gateway-encoded.ts'
import type { Seat } from './gateway-seat.ts'

/** One way of showing a market's book, encoded once for all who see it so. */
export class SharedView {
  readonly seats = new Set<Seat>()
  readonly conflateMs: number
  readonly #live: LiveBook
  readonly #view: BookView

  constructor(market: string, live: LiveBook, { depth, conflateMs }: Style) {
    this.#live = live
    this.#view = new BookView(market, depth)
    this.conflateMs = conflateMs
  }

  /** Takes in what came, to be told later. */
  gather(): void {
    this.#view.gather(this.#live)
  }

  /** Tells what differs since it was told last. @param nowUs the moment of sending, µs */
  flush(nowUs: number, whole = false): void {
    const minute = minuteOf(nowUs)
    for (const message of this.#view.flush(this.#live, nowUs, whole)) {
      const encoded = encode(message as BookMessage, minute)
      for (const seat of this.seats) seat.take(encoded)
      countTold(this.seats, encoded)
    }
  }

  /**
   * What one who joins, or was owed an image, is told: all others are told first of what it builds on.
   * @param ended whether it was told of the book's end
   */
  start(seat: Seat, reason: ImageReason, nowUs: number, ended: boolean): readonly BookMessage[] {
    if (this.#view.seq !== null && this.seats.size > 1) {
      this.seats.delete(seat)
      this.flush(nowUs, true)
      this.seats.add(seat)
    }
    return this.#view.start(this.#live, reason, ended)
  }
}
