import type { Micros } from './instant.ts'
import type { Seq } from './log.ts'
import type { Segment } from './segment.ts'

/** A segment as `kb.book_segments` holds it, named as its columns, without its data. */
export type SegmentRow = {
  readonly first_us: Micros
  readonly first_seq: Seq
  readonly last_seq: Seq
  readonly last_us: Micros
  readonly records: number
  readonly deltas: number
}

/** The row of a segment; null for one without records whose log has not begun, as there is nothing to store. */
export function segmentRow({ openUs, opening, records }: Segment): SegmentRow | null {
  const [first, last] = [records[0], records.at(-1)]
  if (first !== undefined && last !== undefined) {
    return {
      first_us: first.recv,
      first_seq: first.seq,
      last_seq: last.seq,
      last_us: last.recv,
      records: records.length,
      deltas: records.filter(({ kind }) => kind === 'delta').length,
    }
  }
  if (opening.kind === 'new') return null
  return {
    first_us: openUs,
    first_seq: (opening.seq + 1) as Seq,
    last_seq: opening.seq,
    last_us: opening.recv,
    records: 0,
    deltas: 0,
  }
}
