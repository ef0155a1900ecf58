export type BoundsOptions = {
  readonly maxBytes: number
  readonly maxAgeUs: number
  /** Of the bytes, those that may wait in memory for a disk that is slow or does not answer. */
  readonly maxWaiting: number
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

  /**
   * @param bytes on disk and in memory
   * @param waiting those in memory
   * @param ageUs of the oldest entry that is not drained
   */
  measure(bytes: number, waiting: number, ageUs: number): void {
    const { maxBytes, maxWaiting, maxAgeUs, full } = this.#options
    const share = Math.max(bytes / maxBytes, waiting / maxWaiting, ageUs / maxAgeUs)
    if (!this.#full && share >= 1) {
      this.#full = true
      full()
    } else if (this.#full && share < 0.5) {
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
