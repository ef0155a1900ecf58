/** Where the exchange's trading comes from: made up, or played back. */
export type Source = {
  /** Does all that is due in this much more time (microseconds). */
  advance(elapsedUs: number): void
  /** Does the next book events at once, whatever the time; returns how many it did. */
  step(count: number): number
  /** Hears that a connection was given the book of a market. */
  subscribed?(ticker: string): void
}
