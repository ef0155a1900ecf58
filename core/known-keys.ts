/** How long (ms) what was found for a key is taken for true, and for how many keys. */
const GOOD_FOR_MS = 5000
const MOST_KEYS = 1000

/** What was found for keys a moment ago; the oldest is forgotten for a new one when there are too many. */
export class KnownKeys<Found> {
  readonly #found = new Map<string, { readonly found: Found; readonly atMs: number }>()

  /** What was found in the last five seconds, or null. */
  get(hash: string, nowMs: number): Found | null {
    const known = this.#found.get(hash)
    if (known === undefined) return null
    const age = nowMs - known.atMs
    if (age >= 0 && age < GOOD_FOR_MS) return known.found
    this.#found.delete(hash)
    return null
  }

  put(hash: string, found: Found, nowMs: number): void {
    this.#found.delete(hash)
    for (const oldest of this.#found.keys()) {
      if (this.#found.size < MOST_KEYS) break
      this.#found.delete(oldest)
    }
    this.#found.set(hash, { found, atMs: nowMs })
  }
}
