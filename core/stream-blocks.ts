import { type ListCost, streamCredits } from './credit.ts'
import { BLOCK_CREDITS } from './route-cost.ts'

const ROWS_PER_CREDIT = 1000

/**
 * Counts the rows of a stream against the blocks that were paid for before they were sent. All of it costs what the same rows
 * in one block would.
 */
export class StreamBlocks {
  readonly #cost: ListCost
  readonly #most: number
  #rows = 0
  #settled = 0
  #reserved: number

  /**
   * @param most rows at most
   * @param reserved credits of the first block
   */
  constructor(cost: ListCost, most: number, reserved: number) {
    this.#cost = cost
    this.#most = most
    this.#reserved = reserved
  }

  /** Rows that may be sent before the next block is paid for. */
  get room(): number {
    if (this.#cost === 'free') return Number.MAX_SAFE_INTEGER
    return (this.#settled + this.#reserved) * ROWS_PER_CREDIT - this.#rows
  }

  /** Credits of all that was sent. */
  get credits(): number {
    return streamCredits(this.#cost, this.#rows)
  }

  /** Whether nothing was sent. */
  get isEmpty(): boolean {
    return this.#rows === 0
  }

  /** Notes rows that are sent. */
  sent(rows: number): void {
    this.#rows += rows
  }

  /** Closes a block. @returns what it cost */
  close(): number {
    const credits = this.credits - this.#settled
    this.#settled += credits
    this.#reserved = 0
    return credits
  }

  /** Gives a block back of which nothing was sent. */
  giveBack(): void {
    this.#reserved = 0
  }

  /** What the next block costs at most. */
  get next(): number {
    return Math.min(BLOCK_CREDITS, Math.ceil((this.#most - this.#rows) / ROWS_PER_CREDIT))
  }

  /** Opens the next block, which is paid for. */
  open(credits: number): void {
    this.#reserved = credits
  }
}
