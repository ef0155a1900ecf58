import type { Entry, Mark } from './entry.ts'
import type { Micros } from './instant.ts'
import { type BookRecord, type Epoch, epochOf, numberOf, type Seq } from './log.ts'
import type { Ticker } from './ticker.ts'

/** What the store knows of the epoch that left a spool undrained. */
export type StoredEpoch = {
  readonly opened: Micros
  /** Its watermark. */
  readonly through: Micros
  /** The epoch that was opened after it; null when none was. */
  readonly next: { readonly epoch: Epoch; readonly opened: Micros } | null
}

/** Where a market's log stands in the store, seen from the epoch of a spool that was left undrained. */
export type StoredTail = {
  /** Its last record of that epoch, null when there is none. */
  readonly seq: Seq | null
  /** recv of that record; null when only its number is known. */
  readonly recv: Micros | null
  /** Whether that record is a gap. */
  readonly gap: boolean
  /** When the next epoch's gap began to stand in the log: what came afterwards is its to tell. Null while there is no next. */
  readonly taken: Micros | null
}

/** The last record of a market that was stored, and until when the market's own records vouch for it. */
export type Filled = { readonly seq: Seq; readonly vouched: Micros }

/** What became of a market's leftover records. */
type Market = {
  seq: Seq | null
  recv: Micros | null
  gap: boolean
  readonly taken: Micros | null
  filled: boolean
  holed: boolean
  /** Since when its book was unknown as another took over, which was found out only afterwards. */
  doubted: Micros | null
}

/** Marks stand twice a second at least. Where so much lies between the store's last and the spool's first, some are missing. */
const MISSING_US = 2_000_000
/** Where so much lies between two, whoever makes them was paused: of the time between it heard only later. */
const PAUSED_US = 2_000_000

/**
 * Chooses what of a spool that an earlier epoch left behind may still be stored: what follows the stored log without a
 * hole, up to the gap of whoever took over. It may only fill that gap, never write beside it.
 */
export class Leftover {
  readonly #epoch: Epoch
  readonly #stored: StoredEpoch | null
  readonly #markets = new Map<Ticker, Market>()
  #lost: boolean
  /** The store is not the one that this spool was drained to: it was put back to an older state. */
  #foreign: boolean
  #mark: Mark | null = null
  /** Book records that were left out although the store has them not and nobody else tells them. */
  refused = 0

  /**
   * @param epoch the one that left the entries
   * @param stored null when the store does not know it: one restored from before an epoch cannot take its records
   * @param lost whether part of the spool before these entries could not be read
   */
  constructor(epoch: Epoch, stored: StoredEpoch | null, lost = false) {
    this.#epoch = epoch
    this.#stored = stored
    this.#foreign = stored === null
    this.#lost = lost
  }

  /** Markets of these entries whose tails are not known yet. */
  unknown(entries: readonly Entry[]): ReadonlySet<Ticker> {
    const markets = new Set<Ticker>()
    if (this.#stored === null) return markets
    for (const entry of entries) {
      if (entry.kind === 'record' && !this.#markets.has(entry.market)) markets.add(entry.market)
    }
    return markets
  }

  tail(market: Ticker, tail: StoredTail): void {
    this.#markets.set(market, { ...tail, filled: false, holed: false, doubted: null })
  }

  /** Part of the spool could not be read: nothing after it follows anything. */
  lost(): void {
    this.#lost = true
  }

  /**
   * The last mark before which the spool tells everything. Null when none does: when a market's records do not follow the
   * store's, others may be missing of which nothing tells.
   */
  get through(): Mark | null {
    return this.#foreign || this.holes > 0 ? null : this.#mark
  }

  /** Until when it vouches for every market that it does not speak of; null when it does not. */
  get vouched(): Micros | null {
    const { through } = this
    if (through === null) return null
    const doubts = [...this.#markets.values()].flatMap(({ doubted }) => doubted ?? [])
    const alive = through.alive.map(({ us }) => us)
    const least = [...doubts, ...alive].reduce((a, b) => Math.min(a, b), through.through as number)
    return least as Micros
  }

  /** How many markets have records that do not follow the store's. */
  get holes(): number {
    return [...this.#markets.values()].filter(({ holed }) => holed).length
  }

  /** Each market of which something was stored, or was there already, with the last record of it. */
  get filled(): ReadonlyMap<Ticker, Filled> {
    const filled = new Map<Ticker, Filled>()
    for (const [market, { seq, recv, filled: is, doubted }] of this.#markets) {
      if (!is || seq === null || recv === null) continue
      // It proves itself, but not that it was the last of its instant.
      filled.set(market, { seq, vouched: Math.min(recv - 1, doubted ?? recv) as Micros })
    }
    return filled
  }

  /** The entries that may be stored; marks are kept back until all are known. Every market of theirs has a tail. */
  readable(entries: readonly Entry[]): Entry[] {
    return entries.filter((entry) => {
      if (entry.kind === 'record') return this.#takes(entry.market, entry.record)
      if (entry.kind !== 'mark') return true
      if (!this.#lost) this.#see(entry.mark)
      return false
    })
  }

  #see(mark: Mark): void {
    const taken = this.#stored?.next?.opened ?? null
    const before = this.#mark?.through ?? this.#stored?.through ?? mark.through
    // What it heard when it woke, after the takeover, is left out.
    if (taken !== null && mark.through > taken && mark.through - before > PAUSED_US) return
    if (this.#mark === null && this.#stored !== null) {
      if (mark.through - this.#stored.through > MISSING_US) this.#foreign = true
    }
    this.#mark = mark
  }

  #takes(market: Ticker, record: BookRecord): boolean {
    const state = this.#markets.get(market) ?? this.#strange(market)
    if (state.taken !== null && record.recv > state.taken) {
      if (record.kind === 'gap' && record.from < state.taken) state.doubted ??= record.from
      return false
    }
    if (state.seq !== null && record.seq <= state.seq && this.#isOurs(record)) {
      if (state.seq === record.seq && state.recv === record.recv) state.filled = true
      return false
    }
    const follows = this.#follows(state, record)
    if (follows !== 'takes') {
      state.holed ||= follows === 'hole'
      this.refused += 1
      return false
    }
    state.seq = record.seq
    state.recv = record.recv
    state.gap = record.kind === 'gap'
    state.filled = true
    return true
  }

  /** A store that does not know the epoch has nothing of it. */
  #strange(market: Ticker): Market {
    if (this.#stored !== null) throw new Error(`the tail of ${market} was never read`)
    const made = {
      seq: null,
      recv: null,
      gap: false,
      taken: null,
      filled: false,
      holed: false,
      doubted: null,
    }
    this.#markets.set(market, made)
    return made
  }

  #follows(state: Market, record: BookRecord): 'takes' | 'hole' | 'left' {
    if (this.#lost || state.holed) return 'left'
    if (!this.#isOurs(record) || (state.recv !== null && record.recv < state.recv)) return 'hole'
    const next = state.seq === null ? 0 : numberOf(state.seq) + 1
    const contiguous = numberOf(record.seq) === next
    const anew = record.kind === 'gap' || record.kind === 'snapshot'
    if (contiguous) return state.gap && record.kind === 'delta' ? 'left' : 'takes'
    // After a record that the store refused there is a gap, and numbers are missing up to where the log begins anew.
    if (state.gap) return anew ? 'takes' : 'left'
    return 'hole'
  }

  /** Whether the store's epoch of this number is the one that made the record: another's, after a restore, began later. */
  #isOurs({ seq, recv }: BookRecord): boolean {
    const stored = this.#stored
    return stored !== null && epochOf(seq) === this.#epoch && recv >= stored.opened
  }
}

/** Entries of one epoch that stand together; null when none of them tells whose they are. */
export type EpochPart = { readonly epoch: Epoch | null; readonly entries: readonly Entry[] }

/** Cuts entries where another epoch's begin. @param epoch of the entries before these */
export function byEpoch(entries: readonly Entry[], epoch: Epoch | null): EpochPart[] {
  const parts: { epoch: Epoch | null; entries: Entry[] }[] = []
  let part: (typeof parts)[number] | undefined
  for (const entry of entries) {
    const of = epochOfEntry(entry)
    if (part === undefined || (of !== null && part.epoch !== null && of !== part.epoch)) {
      part = { epoch: of ?? part?.epoch ?? epoch, entries: [] }
      parts.push(part)
    }
    part.epoch ??= of
    part.entries.push(entry)
  }
  return parts
}

function epochOfEntry(entry: Entry): Epoch | null {
  if (entry.kind === 'mark') return entry.mark.epoch
  return entry.kind === 'record' ? epochOf(entry.record.seq) : null
}
