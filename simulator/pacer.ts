import type { Clock } from './clock.ts'
import type { Source } from './source.ts'

/** After a stall the time beyond this is forgotten, so that no burst follows it. */
const LONGEST_US = 250_000

/** Runs a source in real time, in ticks of a few milliseconds. */
export class Pacer {
  readonly #source: Source
  readonly #now: Clock
  readonly #isOpen: () => boolean
  readonly #tickMs: number
  #timer: NodeJS.Timeout | undefined
  #lastUs = 0

  /** @param isOpen whether there is trading; while there is none the source's time stands still */
  constructor(source: Source, now: Clock, isOpen: () => boolean, tickMs: number) {
    this.#source = source
    this.#tickMs = tickMs
    this.#isOpen = isOpen
    this.#now = now
  }

  /** Starts, or goes on after a pause; does nothing while running. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#lastUs = this.#now()
    this.#timer = setInterval(() => this.#tick(), this.#tickMs)
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
    if (this.#isOpen()) this.#source.advance(elapsedUs)
  }
}
