import type { Micros } from './instant.ts'
import type { BookRecord, Ladders, Seq } from './log.ts'
import { readBodies, writeBodies } from './segment-bodies.ts'
import { eventAt, readTimes, type TimeColumns, writeTimes } from './segment-times.ts'
import type { VarintReader, VarintWriter } from './varint.ts'

/** How the log stood before the records: they are written as differences to it. */
export type Before = {
  readonly openUs: Micros
  /** The step of prices, in millionths of a dollar. */
  readonly unit: number
  readonly seq: Seq
  readonly event: Micros | null
  readonly ladders: Ladders | null
}

/**
 * Writes a run of records, column by column. The first column has a byte for each record: its times in the low two bits
 * (core/segment-times), what it is in the others (core/segment-bodies).
 * Throws RangeError for an instant or a seq that goes back, and for a ladder that is not best first.
 */
export function writeRecords(
  out: VarintWriter,
  records: readonly BookRecord[],
  before: Before,
): void {
  const marks = new Uint8Array(records.length)
  const times = writeTimes(records, before, marks)
  const bodies = writeBodies(records, before, marks)
  out.unsigned(records.length)
  writeSeqs(out, records, before.seq)
  for (const mark of marks) out.byte(mark)
  out.append(times)
  out.append(bodies)
}

/** What the columns say of each record before what it is. */
export type Columns = TimeColumns & {
  readonly marks: Uint8Array
  readonly seqs: Float64Array
}

/** Reads the first columns of what writeRecords wrote; null for anything else. */
export function readColumns(from: VarintReader, before: Before): Columns | null {
  const length = from.count(1)
  const seqs = readSeqs(from, length, before.seq)
  const marks = from.bytes(length)
  if (seqs === null || from.failed) return null
  const times = readTimes(from, before, marks)
  return times && { marks, seqs, ...times }
}

/** Reads what writeRecords wrote; null for anything else. */
export function readRecords(from: VarintReader, before: Before): BookRecord[] | null {
  const columns = readColumns(from, before)
  if (columns === null) return null
  const { marks, seqs, recvs, events } = columns
  const records: BookRecord[] = []
  const read = readBodies(from, before, marks, columns, marks.length, {
    delta: (i, side, price, change, size) => {
      const seq = seqs[i] as Seq
      const recv = recvs[i] as Micros
      const event = eventAt(events, i)
      records.push({ kind: 'delta', seq, recv, event, side, price, change, size })
    },
    other: (_, record) => {
      records.push(record)
    },
  })
  return read && records
}

/** Seqs go up by one but where an epoch begins: only those are written, each with the place where it is. */
function writeSeqs(out: VarintWriter, records: readonly BookRecord[], before: Seq): void {
  const jumps: number[] = []
  let last: number = before
  let place = 0
  for (const [i, { seq }] of records.entries()) {
    if (seq !== last + 1) {
      jumps.push(i - place, seq - last - 1)
      place = i
    }
    last = seq
  }
  out.unsigned(jumps.length / 2)
  for (const number of jumps) out.unsigned(number)
}

function readSeqs(from: VarintReader, length: number, before: Seq): Float64Array | null {
  const jumps = new Map<number, number>()
  let place = 0
  for (let left = from.count(2); left > 0; left--) {
    place += from.unsigned()
    const step = from.unsigned()
    if (place >= length || jumps.has(place) || step === 0) return null
    jumps.set(place, step + 1)
  }
  if (from.failed) return null
  let last: number = before
  const seqs = new Float64Array(length)
  for (let i = 0; i < length; i++) {
    last += jumps.size === 0 ? 1 : (jumps.get(i) ?? 1)
    seqs[i] = last
  }
  return last > Number.MAX_SAFE_INTEGER ? null : seqs
}
