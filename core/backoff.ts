const BASE_MS = 900
const LONGEST_MS = 30_000
/** So many losses that soon follow each other are each met at once; only then do the waits grow. */
const FORGIVEN = 6

/**
 * How long to wait before a reconnect attempt, in ms: full jitter, drawn evenly from nothing to a span that doubles. The
 * first attempt after a loss comes within 1 s of it, the second within 2 s more.
 * @param attempt 0 for the first after a loss; goes on for ever
 * @param random in [0, 1): spreads the attempts of many
 */
export function backoffMs(attempt: number, random: number): number {
  return Math.round(Math.min(LONGEST_MS, BASE_MS * 2 ** Math.min(attempt, 10)) * random)
}

/**
 * The waits of one connection. A connection that comes and goes must not be tried in a storm, so losses add up until it
 * has been healthy for a while, each for its share; a healthy minute forgets them all.
 */
export class Backoff {
  readonly #healthyMs: number
  #losses = 0
  #attempt = 0

  /** @param healthyMs a connection that lasted so long is a healthy one */
  constructor(healthyMs: number) {
    this.#healthyMs = healthyMs
  }

  /** A connection that had lasted for so long (ms) was lost. */
  lost(lastedMs: number): void {
    const forgotten = Math.floor((lastedMs / this.#healthyMs) * 2 * FORGIVEN)
    const before = lastedMs >= this.#healthyMs ? 0 : Math.max(0, this.#losses - forgotten)
    this.#losses = before + 1
    this.#attempt = 0
  }

  /** How long to wait before the next attempt, in ms; `random` in [0, 1). */
  next(random: number): number {
    const attempt = this.#attempt + Math.max(0, this.#losses - FORGIVEN)
    this.#attempt += 1
    return backoffMs(attempt, random)
  }
}
