import type { Gap } from './log.ts'

/**
 * The gaps of one log as they are known now, passed in the order of time: what was recorded inside one of them, before it was
 * found, is not known to be true.
 */
export class Hindsight {
  #coming: Gap[] = []
  #inside: Gap[] = []

  /** Takes gaps, each once, of which none begins before a moment that was passed already. */
  add(gaps: readonly Gap[]): void {
    // Strictly between the bounds of some there is no moment.
    const lasting = gaps.filter(({ from, to }) => to === null || to > from + 1)
    if (lasting.length === 0) return
    this.#coming.push(...lasting)
    this.#coming.sort((a, b) => a.from - b.from || a.seq - b.seq)
  }

  /** The beginning of the next gap, µs; null when none is known. */
  get next(): number | null {
    return this.#coming[0]?.from ?? null
  }

  /**
   * Goes on to a moment, µs.
   * @returns the gaps that begin before it and were not passed yet
   */
  pass(us: number): Gap[] {
    if (this.#inside.length > 0) {
      this.#inside = this.#inside.filter(({ to }) => to === null || us < to)
    }
    const [first] = this.#coming
    if (first === undefined || first.from >= us) return []
    const end = this.#coming.findIndex(({ from }) => from >= us)
    const passed = this.#coming.splice(0, end < 0 ? this.#coming.length : end)
    this.#inside.push(...passed.filter(({ to }) => to === null || us < to))
    return passed
  }

  /** Whether the moment that was passed last lies inside a gap, so that no book is known there. */
  get hides(): boolean {
    return this.#inside.length > 0
  }

  /** A snapshot after a gap of which no end was known ends it. */
  heal(seq: number): void {
    if (this.#inside.length === 0) return
    this.#inside = this.#inside.filter((gap) => gap.to !== null || gap.seq >= seq)
  }
}
