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
  /** Of a connection that ended before all was told that it began with: from when the next one resumes too. */
  #owedUs: number | null = null

  /** From when trades are to be resumed, µs of the server's clock; null when nothing is known of it. */
  get resumeUs(): number | null {
    if (this.#owedUs !== null) return this.#owedUs
    return this.#lastUs === null ? null : Math.max(0, this.#lastUs - OVERLAP_US)
  }

  /** All trades before this moment of the server's, µs, are known or were never asked for. */
  startAt(serverUs: number): void {
    this.#lastUs ??= serverUs
  }

  /** The connection is gone: what comes live on the next one says nothing of what came before it. */
  disconnect(): void {
    this.#owedUs = this.resumeUs
  }

  /** All that was resumed was told. */
  caughtUp(): void {
    this.#owedUs = null
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
