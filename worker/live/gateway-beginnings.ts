/** How a subscription begins. */
export type Beginning = {
  /** From when on it wants trades, µs; null for those that come live. */
  readonly tradesFromUs: number | null
  /** Called when it was told all that it begins with. */
  readonly done: () => void
}

type Awaited = { left: number; readonly sinceMs: number; readonly beginning: Beginning }

/** The subscriptions of a connection whose books have not all come: each waits for the first ones of its seats. */
export class Beginnings {
  readonly #awaited = new Map<number, Awaited>()

  /** The books of a subscription have come when so many seats were settled, and once more. */
  open(sub: number, seats: number, beginning: Beginning): void {
    this.#awaited.set(sub, { left: seats + 1, sinceMs: Date.now(), beginning })
  }

  /** One that a subscription waits for was told. @returns its beginning when it was the last, else null */
  settle(sub: number): Beginning | null {
    const awaited = this.#awaited.get(sub)
    if (awaited === undefined) return null
    awaited.left -= 1
    if (awaited.left > 0) return null
    this.#awaited.delete(sub)
    return awaited.beginning
  }

  /** Whether one has waited since before a moment, ms. */
  areLate(beforeMs: number): boolean {
    return [...this.#awaited.values()].some(({ sinceMs }) => sinceMs < beforeMs)
  }
}
