import type { Droppable, RingBudget } from './ring-budget.ts'
import { type RecordMessage, rowsOf } from './wire/stream-message.ts'

type Kept = Droppable & { readonly to: number; readonly message: RecordMessage }

/** How many deltas and snapshot levels a ring keeps at most: about a quarter of a megabyte. */
const ROWS = 4000

/**
 * The latest record messages of one market, so that a subscriber who was away gets what it missed.
 * Bounded: the oldest go first, and who missed those is sent an image.
 */
export class MessageRing {
  #kept: Kept[] = []
  #rows = 0
  /** The seq after which everything is here; null while nothing can be resumed. */
  #floor: number | null = null
  #begun = 0
  readonly #budget: RingBudget | null

  /** @param budget what it shares with other rings */
  constructor(budget: RingBudget | null = null) {
    this.#budget = budget
  }

  /** How often it was restarted: what was told before is then no start for what it holds. */
  get begun(): number {
    return this.#begun
  }

  /** Forgets all; from now on what follows `seq` is kept, nothing at all when it is null. */
  restart(seq: number | null): void {
    for (const kept of this.#kept) this.#budget?.release(kept)
    this.#kept = []
    this.#rows = 0
    this.#floor = seq
    this.#begun += 1
  }

  /** Keeps the next message. */
  push(message: RecordMessage): void {
    const to = message.type === 'deltas' ? message.seq[1] : message.seq
    const rows = rowsOf(message)
    const kept: Kept = { to, rows, message, gone: false, drop: () => this.#drop() }
    this.#kept.push(kept)
    this.#rows += rows
    this.#budget?.keep(kept)
    while (this.#rows > ROWS) this.#drop()
  }

  /** Drops the oldest. */
  #drop(): void {
    const oldest = this.#kept.shift()
    if (oldest === undefined) return
    this.#rows -= oldest.rows
    this.#floor = oldest.to
    this.#budget?.release(oldest)
  }

  /** What follows `seq`, or null when some of it is not kept. */
  after(seq: number): RecordMessage[] | null {
    if (this.#floor === null || seq < this.#floor) return null
    // Most who ask have almost all of it.
    const last = this.#kept.findLastIndex(({ to }) => to <= seq)
    return this.#kept.slice(last + 1).map(({ message }) => cut(message, seq))
  }
}

/** The part of a message that follows `seq`. */
function cut(message: RecordMessage, seq: number): RecordMessage {
  if (message.type !== 'deltas') return message
  const [from, to] = message.seq
  return seq < from
    ? message
    : { ...message, seq: [seq + 1, to], d: message.d.slice(seq + 1 - from) }
}
