import { type BookRecord, type DeltaRecord, epochOf, numberOf, type Seq } from './log.ts'
import type { Opening } from './segment.ts'
import { BrokenLogError, readerAfter } from './segment-fold.ts'
import {
  type BookMessage,
  deltasMessage,
  endMessage,
  gapMessage,
  snapshotMessage,
} from './wire/stream-message.ts'

/** A longer run is not told record by record. */
export const MOST_MISSED = 10_000
/** Records of one message. */
const MESSAGE_RECORDS = 500

/** Whether a run has all that was missed, lacks what is not stored yet, or lacks what it passed over. */
export type MissedState = 'whole' | 'short' | 'hole' | 'too_long'

/**
 * The records that somebody missed of a log that it was following: read piece by piece, and told exactly as they were
 * recorded, so without what became known of them later. Nothing that does not follow is taken.
 */
export class MissedRun {
  readonly #until: number
  readonly #records: BookRecord[] = []
  #after: number

  /**
   * @param after the last record that it has, in whatever epoch
   * @param until the last one that it missed
   */
  constructor(after: number, until: number) {
    this.#after = after
    this.#until = until
  }

  /** What is wanted next follows this seq. */
  get after(): Seq {
    return this.#after as Seq
  }

  /** How many records may still be taken. */
  get left(): number {
    return MOST_MISSED - this.#records.length
  }

  /** Takes the next records that the log has, in order, as far as they follow. */
  take(records: readonly BookRecord[]): MissedState {
    for (const record of records) {
      if (record.seq > this.#until) break
      if (record.seq <= this.#after) continue
      if (!follows(this.#after, record)) return 'hole'
      if (this.left === 0) return 'too_long'
      this.#records.push(record)
      this.#after = record.seq
    }
    return this.#after >= this.#until ? 'whole' : 'short'
  }

  /** Whether a run that begins so can be told from an opening: that of the log after the last record at or before `after`. */
  opensWith(opening: Opening, after: number): boolean {
    const seq = opening.kind === 'new' ? -1 : opening.seq
    // Of one who had more than was ever recorded the book is forgotten in a gap at once.
    return seq === after || this.#records[0]?.kind === 'gap'
  }

  /**
   * Tells the records as a stream does.
   * @param opening how the log stood before them
   * @param sentUs the moment of sending, µs
   * Throws BrokenLogError for records that cannot be.
   */
  messages(market: string, opening: Opening, sentUs: number): BookMessage[] {
    const reader = readerAfter(opening)
    const messages: BookMessage[] = []
    let run: DeltaRecord[] = []
    const flush = () => {
      const [first, ...rest] = run
      run = []
      if (first === undefined || reader.state.kind !== 'known') return
      messages.push(deltasMessage(market, [first, ...rest], reader.state.book.ladders(), sentUs))
    }
    for (const record of this.#records) {
      if (record.kind !== 'delta' || run.length === MESSAGE_RECORDS) flush()
      if (reader.read(record) !== 'taken') {
        throw new BrokenLogError(`record ${record.seq} does not follow ${reader.seq}`)
      }
      switch (record.kind) {
        case 'delta':
          run.push(record)
          break
        case 'snapshot':
          messages.push(snapshotMessage(market, record))
          break
        case 'gap':
          messages.push(gapMessage(market, record))
          break
        case 'end':
          messages.push(endMessage(market, record))
      }
    }
    flush()
    return messages
  }
}

/** Whether nothing was recorded between a seq and a record. */
function follows(after: number, record: BookRecord): boolean {
  if (record.seq === after + 1) return true
  // The gap that opens an epoch says what was recorded last before it.
  const opens = record.kind === 'gap' && numberOf(record.seq) === 0
  if (!opens || epochOf(record.seq) <= epochOf(after as Seq)) return false
  return record.prevSeq === null || record.prevSeq <= after
}
