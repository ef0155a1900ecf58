const STEP_MS = 0.05

/** Latencies counted in steps of 0.05 ms, so that millions of them cross from one process to another. */
export class LatencyCounts {
  readonly #counts = new Map<number, number>()

  /** @param counts what another one said of itself */
  constructor(counts: readonly (readonly [number, number])[] = []) {
    this.merge(counts)
  }

  /** Counts a latency, ms. */
  add(ms: number): void {
    this.merge([[Math.max(0, Math.floor(ms / STEP_MS)), 1]])
  }

  merge(counts: readonly (readonly [number, number])[]): void {
    for (const [step, count] of counts)
      this.#counts.set(step, (this.#counts.get(step) ?? 0) + count)
  }

  /** Steps and how often each was seen. */
  get all(): [number, number][] {
    return [...this.#counts]
  }

  get count(): number {
    return this.all.reduce((sum, [, count]) => sum + count, 0)
  }

  /** What a share (0 to 1) of them did not exceed, ms. Throws without any. */
  percentile(share: number): number {
    let left = this.count * share
    for (const [step, count] of this.all.sort(([a], [b]) => a - b)) {
      left -= count
      if (left <= 0) return (step + 1) * STEP_MS
    }
    throw new Error('nothing was measured')
  }
}
