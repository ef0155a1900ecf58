/** How many markets one heartbeat names at most (wire §3). */
export const HEARTBEAT_MARKETS = 200

/**
 * Which books a connection's heartbeats name, with the seq that it was told last: those first that changed since they were
 * named, in the order in which they did; then the others in turn, those that were named longest ago first.
 */
export class HeartbeatBooks {
  /** Both in the order in which they are to be named. */
  readonly #changed = new Map<string, number>()
  readonly #named = new Map<string, number>()

  /** Notes that the connection was told of a market up to a seq. */
  told(market: string, seq: number): void {
    this.#named.delete(market)
    this.#changed.set(market, seq)
  }

  /** A market is followed no more. */
  forget(market: string): void {
    this.#changed.delete(market)
    this.#named.delete(market)
  }

  /** Names the next `most` books. */
  next(most = HEARTBEAT_MARKETS): Record<string, number> {
    const named = [...first(this.#changed, most)]
    named.push(...first(this.#named, most - named.length))
    for (const [market, seq] of named) {
      this.forget(market)
      this.#named.set(market, seq)
    }
    return Object.fromEntries(named)
  }
}

function* first<Entry>(entries: Iterable<Entry>, most: number): Generator<Entry> {
  let left = most
  if (left <= 0) return
  for (const entry of entries) {
    yield entry
    left -= 1
    if (left === 0) return
  }
}
