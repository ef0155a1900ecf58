export type BoundsOptions = {
  readonly maxBytes: number
  readonly maxAgeUs: number
  /** Nothing more should be appended: the spool is at its bound. */
  readonly full: () => void
  /** The disk refuses; nothing more should be appended. */
  readonly failed: (reason: 'disk', detail: string) => void
  /** There is room again, and the disk takes it. */
  readonly drained: () => void
}

/** Says once when appending should stop, and once when it may go on: below half of each bound. */
export class SpoolBounds {
  readonly #options: BoundsOptions
  #full = false
  #failing: string | null = null

  constructor(options: BoundsOptions) {
    this.#options = options
  }

  get full(): boolean {
    return this.#full
  }

  /** What the disk says while it refuses, else null. */
  get failing(): string | null {
    return this.#failing
  }

  /** @param ageUs of the oldest entry that is not drained */
  measure(bytes: number, ageUs: number): void {
    const { maxBytes, maxAgeUs, full } = this.#options
    if (!this.#full && (bytes >= maxBytes || ageUs >= maxAgeUs)) {
      this.#full = true
      full()
    } else if (this.#full && bytes < maxBytes / 2 && ageUs < maxAgeUs / 2) {
      this.#full = false
      if (this.#failing === null) this.#options.drained()
    }
  }

  /** The disk refuses with these words, or takes again. */
  disk(failing: string | null): void {
    const before = this.#failing
    this.#failing = failing
    if (before === null && failing !== null) this.#options.failed('disk', failing)
    if (before !== null && failing === null && !this.#full) this.#options.drained()
  }
}
