import type { Micros } from './instant.ts'
import type { BookRecord, GapRecord, Ladders, Seq } from './log.ts'
import type { Opening } from './segment.ts'
import { readBodies } from './segment-bodies.ts'
import { readStart } from './segment-codec.ts'
import { type Columns, readColumns } from './segment-columns.ts'
import { eventAt } from './segment-times.ts'
import { VarintReader } from './varint.ts'

/** How a market's log stood at a point in a segment. */
export type SegmentState = {
  /** From when the segment tells of the log. */
  readonly openUs: Micros
  /** How the log stood; null when the records up to there do not follow each other. */
  readonly state: Opening | null
  /**
   * What follows the segment follows this: its last record, or the opening when the point lies before its first record, or
   * it has none. Null when that is the beginning of the log.
   */
  readonly after: { readonly seq: Seq; readonly recv: Micros } | null
}

/**
 * How a log stood after a segment's records up to a point, both bounds inclusive: what foldRecords makes of those that
 * decodeSegment gives, without making them. Null for bytes that encodeSegment did not write, as far as they are read.
 * @param bytes inflated
 */
export function foldSegment(
  bytes: Uint8Array,
  upTo: { readonly seq: Seq; readonly us: Micros },
): SegmentState | null {
  const from = new VarintReader(bytes)
  const start = readStart(from)
  const columns = start && readColumns(from, start.before)
  if (start === null || columns === null) return null
  const { openUs, opening, before } = start
  const { marks, seqs, recvs } = columns
  let count = 0
  while (count < marks.length && (seqs[count] ?? 0) <= upTo.seq && (recvs[count] ?? 0) <= upTo.us) {
    count += 1
  }
  const run = new RunState(opening, columns)
  const read = readBodies(from, before, marks, columns, count, run)
  if (read === null || (count === marks.length && from.left > 0)) return null
  const last = count > 0 ? marks.length - 1 : -1
  const after =
    last >= 0 ? { seq: seqs[last] as Seq, recv: recvs[last] as Micros } : placeOf(opening)
  return { openUs, state: count === 0 ? opening : run.stateAt(count - 1, read.ladders), after }
}

function placeOf(opening: Opening): SegmentState['after'] {
  return opening.kind === 'new' ? null : opening
}

/** The reader's rule (core/reader, core/segment-fold) over records of which none has to be made. */
class RunState {
  readonly #columns: Columns
  #kind: Opening['kind']
  #closed: boolean
  /** The records do not follow each other; a snapshot or a gap begins anew. */
  #broken = false
  #seq: number
  #openingSeq: Seq
  #deltas: number
  #gap: GapRecord | null

  constructor(opening: Opening, columns: Columns) {
    this.#columns = columns
    this.#kind = opening.kind
    this.#closed = opening.kind !== 'new' && opening.closed
    this.#seq = opening.kind === 'new' ? -1 : opening.seq
    this.#openingSeq = (opening.kind === 'known' ? opening.openingSeq : 0) as Seq
    this.#deltas = opening.kind === 'known' ? opening.deltas : 0
    this.#gap = opening.kind === 'unknown' ? opening.gap : null
  }

  delta(i: number): void {
    const seq = this.#columns.seqs[i] ?? 0
    if (this.#kind !== 'known' || this.#closed || seq !== this.#seq + 1) this.#broken = true
    this.#seq = seq
    this.#deltas += 1
  }

  other(i: number, record: BookRecord, follows: boolean): void {
    switch (record.kind) {
      case 'delta':
        if (!follows) this.#broken = true
        this.delta(i)
        break
      case 'snapshot':
        this.#begin('known')
        this.#openingSeq = record.seq
        this.#deltas = 0
        break
      case 'gap':
        this.#begin('unknown')
        this.#gap = record
        break
      case 'end':
        if (this.#kind === 'new' || record.seq !== this.#seq + 1) this.#broken = true
        this.#closed = true
    }
    this.#seq = record.seq
  }

  #begin(kind: 'known' | 'unknown'): void {
    this.#kind = kind
    this.#closed = false
    this.#broken = false
  }

  /** How the log stands after the i-th record, which must be the last that was told; null when it is broken. */
  stateAt(i: number, ladders: Ladders | null): Opening | null {
    const { seqs, recvs, events } = this.#columns
    const [seq, recv, event] = [seqs[i] as Seq, recvs[i] as Micros, eventAt(events, i)]
    const closed = this.#closed
    if (this.#broken) return null
    if (this.#kind === 'known' && ladders !== null) {
      const [openingSeq, deltas] = [this.#openingSeq, this.#deltas]
      return { kind: 'known', seq, recv, event, ladders, closed, openingSeq, deltas }
    }
    return this.#gap && { kind: 'unknown', seq, recv, gap: this.#gap, closed }
  }
}
