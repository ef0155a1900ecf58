import type { Entry, Mark } from './entry.ts'
import type { Micros } from './instant.ts'
import { type BookRecord, type Epoch, epochOf, numberOf, type Seq } from './log.ts'
import type { Ticker } from './ticker.ts'

/** Where a market's log stands in the store, seen from the epoch of a spool that was left undrained. */
export type StoredTail = {
  /** Its last record of that epoch, null when there is none. */
  readonly seq: Seq | null
  /** When a later epoch's gap began to stand in its log: what came afterwards is another's to tell. */
  readonly taken: Micros | null
}

/** What became of a market's leftover records. */
type Market = { seq: Seq | null; readonly taken: Micros | null; refused: boolean }

/**
 * Chooses what of a spool that an earlier epoch left behind may still be stored: what follows the stored log without a
 * hole, up to the gap of whoever took over. It may only fill that gap, never write beside it.
 */
export class Leftover {
  readonly #markets = new Map<Ticker, Market>()
  readonly #epochs: ReadonlySet<Epoch>
  #lost = false
  #through: Mark | null = null
  /** Book records that were left out although the store has them not. */
  refused = 0

  /** @param epochs those that the store knows; a store restored from before an epoch cannot take its records */
  constructor(epochs: ReadonlySet<Epoch>) {
    this.#epochs = epochs
  }

  /** The epoch that left these entries behind; null when none of them says. */
  static epoch(entries: readonly Entry[]): Epoch | null {
    for (const entry of entries) {
      if (entry.kind === 'mark') return entry.mark.epoch
      if (entry.kind === 'record') return epochOf(entry.record.seq)
    }
    return null
  }

  /** Markets of these entries whose tails are not known yet. */
  unknown(entries: readonly Entry[]): ReadonlySet<Ticker> {
    const markets = new Set<Ticker>()
    for (const entry of entries) {
      if (entry.kind === 'record' && !this.#markets.has(entry.market)) markets.add(entry.market)
    }
    return markets
  }

  tail(market: Ticker, { seq, taken }: StoredTail): void {
    this.#markets.set(market, { seq, taken, refused: false })
  }

  /** Part of the spool could not be read: nothing after it follows anything. */
  lost(): void {
    this.#lost = true
  }

  /** The last mark that still holds: until then the spool tells everything. */
  get through(): Mark | null {
    return this.#through
  }

  /** The markets whose leftover records do not follow the store's: their gaps stay as they are. */
  get broken(): Ticker[] {
    return [...this.#markets].filter(([, { refused }]) => refused).map(([market]) => market)
  }

  /** The entries that may be stored. Every market of theirs has a tail. */
  readable(entries: readonly Entry[]): Entry[] {
    return entries.filter((entry) => {
      if (entry.kind === 'record') return this.#follows(entry.market, entry.record)
      if (entry.kind !== 'mark') return true
      if (this.#lost || !this.#epochs.has(entry.mark.epoch)) return false
      this.#through = entry.mark
      return true
    })
  }

  #follows(market: Ticker, record: BookRecord): boolean {
    const state = this.#markets.get(market)
    if (state === undefined) throw new Error(`the tail of ${market} was never read`)
    if (state.seq !== null && record.seq <= state.seq) return false
    if (state.taken !== null && record.recv > state.taken) return false
    const next = state.seq === null ? numberOf(record.seq) === 0 : record.seq === state.seq + 1
    if (this.#lost || !next || state.refused || !this.#epochs.has(epochOf(record.seq))) {
      state.refused = true
      this.refused += 1
      return false
    }
    state.seq = record.seq
    return true
  }
}
