import type { TradeHole } from './entry.ts'
import type { Micros } from './instant.ts'

const SECOND_US = 1_000_000
/** A loss so soon after an unfilled hole makes it longer. */
const NEAR_US = 60 * SECOND_US
/** So many holes wait to be filled; one more makes the last of them longer. */
const MOST = 64

/** What to ask `GET /markets/trades` for, whole seconds since 1970, both included. */
export type TradeRange = { readonly minTs: number; readonly maxTs: number }

/** Which intervals of the trades may have holes. Each method returns what is to be stored, if anything. */
export class TradeRefill {
  readonly #holes: TradeHole[]
  #covered: number

  /** @param open the holes that the store holds unfilled, oldest first */
  constructor(open: readonly TradeHole[]) {
    this.#holes = [...open]
    this.#covered = open.reduce((latest, { from, to }) => Math.max(latest, to ?? from), -1)
  }

  /** The holes that are not filled, oldest first. */
  get holes(): readonly TradeHole[] {
    return this.#holes
  }

  /** The trade channel is away. @param from the last moment for which we have its trades */
  lost(from: Micros): TradeHole | null {
    const last = this.#holes.at(-1)
    if (last !== undefined && last.to === null) return null
    const near = last?.to != null && from - last.to <= NEAR_US
    if (last !== undefined && (near || this.#holes.length >= MOST)) {
      return this.#replace(last, { ...last, to: null })
    }
    // A hole is named by its beginning: two never have the same.
    const hole = { from: Math.max(from, this.#covered + 1) as Micros, to: null, filled: null }
    this.#covered = hole.from
    this.#holes.push(hole)
    return hole
  }

  /** The trade channel is back: every trade from `at` on comes by itself. */
  resumed(at: Micros): TradeHole | null {
    const last = this.#holes.at(-1)
    if (last === undefined || last.to !== null) return null
    const to = Math.max(at, last.from) as Micros
    this.#covered = Math.max(this.#covered, to)
    return this.#replace(last, { ...last, to })
  }

  /** The oldest hole whose end is known; null when there is nothing to fill. */
  next(): (TradeHole & { readonly to: Micros }) | null {
    for (const { from, to, filled } of this.#holes) if (to !== null) return { from, to, filled }
    return null
  }

  /** The exchange gave every trade of the hole as it was when `next` named it; null when it has grown since. */
  filled(hole: TradeHole, at: Micros): TradeHole | null {
    const index = this.#holes.findIndex(({ from, to }) => from === hole.from && to === hole.to)
    if (index < 0) return null
    this.#holes.splice(index, 1)
    return { ...hole, filled: at }
  }

  #replace(before: TradeHole, after: TradeHole): TradeHole {
    this.#holes[this.#holes.indexOf(before)] = after
    return after
  }
}

/**
 * What to ask for to fill a hole, in whole seconds around it.
 * @param marginUs asked for on both sides: the exchange's clock and ours may differ
 */
export function rangeOf(
  hole: { readonly from: Micros; readonly to: Micros },
  marginUs: number,
): TradeRange {
  return {
    minTs: Math.max(0, Math.floor((hole.from - marginUs) / SECOND_US)),
    maxTs: Math.ceil((hole.to + marginUs) / SECOND_US),
  }
}
