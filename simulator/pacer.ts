import type { Clock } from './clock.ts'
import type { Source } from './source.ts'

const TICK_MS = 5
/** After a stall the time beyond this is forgotten, so that no burst follows it. */
const LONGEST_US = 250_000

/** Runs a source in real time, in ticks of about five milliseconds. */
export class Pacer {
  readonly #source: Source
  readonly #now: Clock
  #timer: NodeJS.Timeout | undefined
  #lastUs = 0

  constructor(source: Source, now: Clock) {
    this.#source = source
    this.#now = now
  }

  /** Starts, or goes on after a pause; does nothing while running. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#lastUs = this.#now()
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /** Stops the time of the source until the next start. */
  pause(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    const atUs = this.#now()
    const elapsedUs = Math.min(atUs - this.#lastUs, LONGEST_US)
    this.#lastUs = atUs
    this.#source.advance(elapsedUs)
  }
}
