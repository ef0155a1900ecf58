import { type BboChange, bboNow, type KnownBbo, sameBbo, UNKNOWN_BBO } from './bbo.ts'
import { Hindsight } from './hindsight.ts'
import type { Micros } from './instant.ts'
import type { BookRecord, Gap, Seq } from './log.ts'
import type { Reader } from './reader.ts'
import type { Opening } from './segment.ts'
import { BrokenLogError, readerAfter } from './segment-fold.ts'

/** A change, and whether a record made it or the beginning of a gap that was found later. */
export type ToldBbo = BboChange & { readonly by: 'record' | 'gap' }

/**
 * The changes of a market's bbo with hindsight: inside a gap as it is known now nothing is known, whatever was recorded there
 * before it was found. Such a gap makes a change of its own, just after its beginning, of the last record's seq.
 */
export class BboReplay {
  readonly #reader: Reader
  readonly #gaps = new Hindsight()
  #last: KnownBbo

  /**
   * @param opening how the log stood at the moment, µs, where the replay begins
   * @param gaps those that contain it
   * Throws BrokenLogError for an opening that cannot be.
   */
  constructor(opening: Opening, us: number, gaps: readonly Gap[]) {
    this.#reader = readerAfter(opening)
    this.#gaps.add(gaps)
    this.#gaps.pass(us)
    this.#last = this.#now()
  }

  /** Notes gaps as they are known now, each once, before a moment is passed at which one of them begins. */
  expect(gaps: readonly Gap[]): void {
    this.#gaps.add(gaps)
  }

  /** The changes that the next records make. Throws BrokenLogError when they do not follow each other. */
  take(records: readonly BookRecord[]): ToldBbo[] {
    const changes: ToldBbo[] = []
    for (const record of records) {
      this.#pass(record.recv, changes)
      const outcome = this.#reader.read(record)
      if (outcome === 'resync') {
        throw new BrokenLogError(`record ${record.seq} does not follow ${this.#reader.seq}`)
      }
      if (record.kind === 'snapshot') this.#gaps.heal(record.seq)
      // The end of a log keeps its book.
      if (outcome === 'ignored' || record.kind === 'end') continue
      const { seq, event, recv } = record
      this.#change({ ...this.#now(), seq, event, recv, by: 'record' }, changes)
    }
    return changes
  }

  /** Goes on to a moment, µs, before which gaps may begin. */
  end(us: number): ToldBbo[] {
    const changes: ToldBbo[] = []
    this.#pass(us, changes)
    return changes
  }

  #pass(us: number, changes: ToldBbo[]): void {
    for (const { from } of this.#gaps.pass(us)) {
      const recv = (from + 1) as Micros
      const seq = this.#reader.seq as Seq
      this.#change({ ...UNKNOWN_BBO, seq, event: null, recv, by: 'gap' }, changes)
    }
  }

  #change(change: ToldBbo, changes: ToldBbo[]): void {
    if (sameBbo(this.#last, change)) return
    this.#last = change
    changes.push(change)
  }

  #now(): KnownBbo {
    return this.#gaps.hides ? UNKNOWN_BBO : bboNow(this.#reader)
  }
}
