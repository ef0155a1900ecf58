/** A second's messages: fewer than the twenty that are taken, as some may arrive together. */
const PER_SECOND = 12
const SECOND_MS = 1000

/** What is to be said to the server, at the pace at which it is taken. */
export class Outbox {
  #commands: object[] = []
  /** Markets for which a new start is to be asked; each waits once. */
  readonly #resyncs = new Set<string>()
  #sentMs: number[] = []

  /** What must be said, in order. */
  put(command: object): void {
    this.#commands.push(command)
  }

  /** Asks for a new start of a market. */
  putResync(market: string): void {
    this.#resyncs.add(market)
  }

  /** A market is no longer followed. */
  dropResync(market: string): void {
    this.#resyncs.delete(market)
  }

  /** Whatever waits is void: the connection is gone. */
  clear(): void {
    this.#commands = []
    this.#resyncs.clear()
    this.#sentMs = []
  }

  /** Takes what may be said now, ms of a clock that never goes back. */
  take(nowMs: number): object[] {
    this.#sentMs = this.#sentMs.filter((sent) => sent > nowMs - SECOND_MS)
    const taken: object[] = []
    while (this.#sentMs.length < PER_SECOND) {
      const command = this.#next()
      if (command === null) break
      taken.push(command)
      this.#sentMs.push(nowMs)
    }
    return taken
  }

  /** When more may be said; null when nothing waits. */
  get nextMs(): number | null {
    const [oldest] = this.#sentMs
    if (this.#commands.length === 0 && this.#resyncs.size === 0) return null
    return oldest === undefined || this.#sentMs.length < PER_SECOND ? 0 : oldest + SECOND_MS
  }

  #next(): object | null {
    const command = this.#commands.shift()
    if (command !== undefined) return command
    for (const market of this.#resyncs) {
      this.#resyncs.delete(market)
      return { op: 'resync', market }
    }
    return null
  }
}
