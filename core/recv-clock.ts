import type { Micros } from './instant.ts'

/** At most this share of elapsed time is added or taken to meet a corrected wall clock. */
const SLEW = 0.05
/** Wall clocks are read in whole milliseconds: a smaller difference is no error. */
const TOLERANCE_US = 2000
/** So far behind the wall clock (a machine that slept) slewing would take hours. */
const STRAYED_US = 5_000_000

/**
 * Our receive time: wall time at start plus monotonic elapsed time, slewed to corrections of the
 * wall clock, never stepped and never going back.
 */
export class RecvClock {
  #now: number
  #mono: number
  #error = 0

  /**
   * @param wall wall time in µs
   * @param mono monotonic time in µs, from any zero
   * @param above the highest recv already stored; the clock starts above it
   */
  constructor(wall: number, mono: number, above: Micros | null) {
    this.#now = Math.max(Math.floor(wall), (above ?? -1) + 1)
    this.#mono = mono
  }

  /** The clock fell so far behind the wall that a new one must be started, in a new epoch. */
  get strayed(): boolean {
    return this.#error > STRAYED_US
  }

  /** The time now in µs, given both clocks' readings in µs. */
  read(wall: number, mono: number): Micros {
    const elapsed = Math.max(0, mono - this.#mono)
    this.#mono = Math.max(mono, this.#mono)
    const error = wall - (this.#now + elapsed)
    this.#error = error
    const wanted = Math.abs(error) > TOLERANCE_US ? error : 0
    const correction = Math.max(-SLEW * elapsed, Math.min(SLEW * elapsed, wanted))
    this.#now += elapsed + correction
    return Math.floor(this.#now) as Micros
  }
}
