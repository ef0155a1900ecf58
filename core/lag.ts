import type { Micros } from './instant.ts'

/** Percentiles of the lag from exchange time to receive time over the last deltas. */
export class Lag {
  readonly #ms: number[]
  #next = 0

  /** @param samples how many of the last deltas count */
  constructor(samples: number) {
    this.#ms = new Array<number>(samples).fill(Number.NaN)
  }

  /** Counts one delta. Clocks differ: a negative lag counts as 0. */
  add(event: Micros, recv: Micros): void {
    this.#ms[this.#next] = Math.max(0, (recv - event) / 1000)
    this.#next = (this.#next + 1) % this.#ms.length
  }

  /** The lag in ms that a share (0 to 1) of the samples does not exceed; null without samples. */
  percentile(share: number): number | null {
    const known = this.#ms.filter((ms) => !Number.isNaN(ms)).sort((a, b) => a - b)
    return known[Math.min(known.length - 1, Math.floor(known.length * share))] ?? null
  }
}
