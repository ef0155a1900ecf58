import type { WireTrade } from '#core/wire/trade'

/** Trades may come again after a resume; so many are remembered at least. */
const REMEMBERED = 10_000
/** Trades of several markets come in no promised order; what came within so long (µs) is asked for again. */
const OVERLAP_US = 2_000_000

/** Which trades were told, so that each is told once. */
export class SeenTrades {
  #recent = new Set<string>()
  #older = new Set<string>()
  #lastUs: number | null = null

  /** From when who was told all until now resumes later, µs of the server's clock; null when nothing is known of it. */
  get resumeUs(): number | null {
    return this.#lastUs === null ? null : Math.max(0, this.#lastUs - OVERLAP_US)
  }

  /** A connection begins at this moment of the server's, µs: who is told all on it knows all trades of before. */
  startAt(serverUs: number): void {
    this.#lastUs = Math.max(this.#lastUs ?? 0, serverUs)
  }

  /** @returns whether this trade was not told yet */
  isNew({ market, trade_id, recv_us }: WireTrade): boolean {
    const key = `${market} ${trade_id}`
    if (this.#recent.has(key) || this.#older.has(key)) return false
    if (this.#recent.size >= REMEMBERED) {
      this.#older = this.#recent
      this.#recent = new Set()
    }
    this.#recent.add(key)
    this.#lastUs = Math.max(this.#lastUs ?? 0, recv_us)
    return true
  }
}
