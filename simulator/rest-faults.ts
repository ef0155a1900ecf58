/** How a REST request can fail on purpose: with a status, a page of something in front, or a cut. */
export type RestFailure = 429 | 500 | 503 | 'html' | 'cut'

/** What goes wrong with REST answers. */
export class RestFaults {
  #failures: RestFailure[] = []
  #delayMs = 0

  /** So many requests fail after those that are to fail already; 0 for none of them any more. */
  fail(n: number, how: RestFailure): void {
    if (n === 0) this.#failures = []
    for (let each = 0; each < n; each += 1) this.#failures.push(how)
  }

  /** Every answer comes so much later from now on; 0 for at once. */
  slow(ms: number): void {
    this.#delayMs = ms
  }

  /** @returns how much later an answer is to come */
  get delayMs(): number {
    return this.#delayMs
  }

  /** @returns how the next request is to fail, if it is */
  take(): RestFailure | undefined {
    return this.#failures.shift()
  }
}
