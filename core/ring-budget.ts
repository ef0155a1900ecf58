/** Something kept that can be dropped to make room; `gone` once it was. */
export type Droppable = { readonly rows: number; gone: boolean; readonly drop: () => void }

/** How many rows several rings keep together at most: what is oldest over all of them goes first. */
export class RingBudget {
  readonly #most: number
  #rows = 0
  #live = 0
  /** In the order in which they came; those that went otherwise lie here until they are passed. */
  #kept: Droppable[] = []
  #head = 0

  constructor(most: number) {
    this.#most = most
  }

  get rows(): number {
    return this.#rows
  }

  /** Counts what is kept from now on, and drops the oldest that has no room beside it. */
  keep(kept: Droppable): void {
    this.#rows += kept.rows
    this.#live += 1
    this.#kept.push(kept)
    while (this.#rows > this.#most && this.#head < this.#kept.length) {
      const oldest = this.#kept[this.#head]
      this.#head += 1
      if (oldest !== undefined && !oldest.gone) oldest.drop()
    }
    if (this.#kept.length > 2 * this.#live + 1000) this.#sweep()
  }

  /** Something is kept no more. */
  release(kept: Droppable): void {
    if (kept.gone) return
    kept.gone = true
    this.#rows -= kept.rows
    this.#live -= 1
  }

  #sweep(): void {
    this.#kept = this.#kept.slice(this.#head).filter(({ gone }) => !gone)
    this.#head = 0
  }
}
