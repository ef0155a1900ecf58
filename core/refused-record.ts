import type { Entry } from './entry.ts'
import type { Micros } from './instant.ts'
import { type BookRecord, type GapRecord, numberOf, type Seq } from './log.ts'
import type { Ticker } from './ticker.ts'

const LONGEST = 4000

/** What is stored in place of an entry that the store refuses whatever is tried: its text, and a gap where a record was. */
export function inPlaceOf(entry: Entry, reason: string, now: Micros): readonly Entry[] {
  const text = JSON.stringify(entry).slice(0, LONGEST)
  const market = entry.kind === 'record' ? entry.market : null
  const aside = { market, recv: now, kind: 'unstorable', reason, text } as const
  const kept: Entry = { kind: 'aside', aside }
  if (entry.kind !== 'record' || entry.record.kind === 'gap') return [kept]
  return [kept, { kind: 'record', market: entry.market, record: gapAt(entry.record) }]
}

/** The gap takes the record's own number, so that the log has no hole. */
function gapAt({ seq, recv }: BookRecord): GapRecord {
  const from = Math.max(0, recv - 1) as Micros
  const prevSeq = numberOf(seq) === 0 ? null : ((seq - 1) as Seq)
  return { kind: 'gap', seq, recv, event: null, cause: 'malformed', from, prevSeq }
}

/** Markets of which a record was refused: what follows says nothing of their book until a snapshot comes. */
export class RefusedMarkets {
  /** With the last record that was let through since. */
  readonly #markets = new Map<Ticker, Seq | null>()

  add(market: Ticker): void {
    this.#markets.set(market, null)
  }

  /** The entries that can be stored: no delta after a refused record, and no end after what was left out. */
  readable(entries: readonly Entry[]): readonly Entry[] {
    if (this.#markets.size === 0) return entries
    return entries.filter(
      (entry) => entry.kind !== 'record' || this.#follows(entry.market, entry.record),
    )
  }

  #follows(market: Ticker, { kind, seq }: BookRecord): boolean {
    const last = this.#markets.get(market)
    if (last === undefined) return true
    switch (kind) {
      case 'snapshot':
        this.#markets.delete(market)
        return true
      case 'gap':
        this.#markets.set(market, seq)
        return true
      case 'delta':
        return false
      case 'end':
        return last !== null && seq === last + 1
    }
  }
}
