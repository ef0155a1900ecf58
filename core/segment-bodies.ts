import type { Micros } from './instant.ts'
import {
  type BookRecord,
  type DeltaRecord,
  END_REASONS,
  type Ladders,
  type Seq,
  type Side,
  SNAPSHOT_REASONS,
} from './log.ts'
import { asPrice, type Price } from './price.ts'
import { SegmentBook } from './segment-book.ts'
import { readGapBody, readLadders, writeGapBody, writeLadders } from './segment-parts.ts'
import { eventAt, TIMES, type TimeColumns } from './segment-times.ts'
import { asSize, type Size, type SizeChange } from './size.ts'
import { type VarintReader, VarintWriter } from './varint.ts'

type Before = { readonly unit: number; readonly seq: Seq; readonly ladders: Ladders | null }
type Stamp = Pick<BookRecord, 'seq' | 'recv' | 'event'>
/** The number and the times of each record of a run. */
type Stamps = TimeColumns & { readonly seqs: Float64Array }

// Bits 2 and 3 of a record's mark: how its change is written.
const HUNDREDTHS = 0 << 2
const CONTRACTS = 1 << 2
/** It takes the whole level away. */
const REMOVAL = 2 << 2
/** It is the delta before it with the other sign: the second half of an amend. */
const REVERSAL = 3 << 2
const CHANGE = 3 << 2
/** Bit 4: no level has its price, which is written as a distance from the best; else by the level's rank. */
const NEW_LEVEL = 1 << 4
/** Bit 5. */
const NO = 1 << 5
// Bits 6 and 7: what it is.
const DELTA = 0 << 6
/** A snapshot, gap or end, told apart by the first byte of its own. */
const OTHER = 1 << 6
/** A delta that does not follow from the book before it, with all that it says. */
const UNFOLDED = 2 << 6
const KIND = 3 << 6

const KINDS = ['snapshot', 'gap', 'end'] as const

/** Notes in the marks what each record is, and writes what that does not say: prices, then changes, then all else. */
export function writeBodies(
  records: readonly BookRecord[],
  before: Before,
  marks: Uint8Array,
): VarintWriter {
  const fold = new SegmentBook(before.ladders)
  const [prices, changes, others] = [new VarintWriter(), new VarintWriter(), new VarintWriter()]
  let seq = before.seq
  for (const [i, record] of records.entries()) {
    const mark = record.kind === 'delta' ? markOf(record, fold) : OTHER
    marks[i] = (marks[i] ?? 0) | mark
    if (record.kind !== 'delta') writeOther(others, record, seq, before.unit)
    else if ((mark & KIND) === UNFOLDED) writeUnfolded(others, record)
    else writeDelta(record, mark, fold, before.unit, prices, changes)
    fold.take(record)
    seq = record.seq
  }
  prices.append(changes)
  prices.append(others)
  return prices
}

function markOf(delta: DeltaRecord, fold: SegmentBook): number {
  const side = delta.side === 'no' ? NO : 0
  const ladder = fold.side(delta.side)
  if (ladder === null) return UNFOLDED | side
  const rank = ladder.rank(delta.price)
  const there = ladder.price(rank) === delta.price
  const size = (there ? ladder.size(rank) : 0) + delta.change
  if (size !== delta.size) return UNFOLDED | side
  const level = DELTA | side | (there ? 0 : NEW_LEVEL)
  if (there && size === 0) return level | REMOVAL
  if (delta.change === 0 - fold.change) return level | REVERSAL
  return level | (delta.change % 100 === 0 ? CONTRACTS : HUNDREDTHS)
}

function writeDelta(
  { side, price, change }: DeltaRecord,
  mark: number,
  fold: SegmentBook,
  unit: number,
  prices: VarintWriter,
  changes: VarintWriter,
): void {
  const ladder = fold.side(side)
  if ((mark & NEW_LEVEL) > 0) prices.signed(((ladder?.best ?? 0) - price) / unit)
  else prices.unsigned(ladder?.rank(price) ?? 0)
  if ((mark & CHANGE) === HUNDREDTHS) changes.signed(change)
  if ((mark & CHANGE) === CONTRACTS) changes.signed(change / 100)
}

function writeUnfolded(out: VarintWriter, { price, change, size }: DeltaRecord): void {
  out.unsigned(price)
  out.signed(change)
  out.unsigned(size)
}

function writeOther(
  out: VarintWriter,
  record: Exclude<BookRecord, DeltaRecord>,
  before: Seq,
  unit: number,
): void {
  out.byte(KINDS.indexOf(record.kind))
  switch (record.kind) {
    case 'snapshot':
      out.byte(SNAPSHOT_REASONS.indexOf(record.reason))
      writeLadders(out, record, unit)
      break
    case 'gap':
      writeGapBody(out, record, before)
      break
    case 'end':
      out.byte(END_REASONS.indexOf(record.reason))
  }
}

/** Who is told what a run's records are while they are read, in order. */
export type BodyReader = {
  /** The i-th is a delta that follows from the book before it. */
  delta(i: number, side: Side, price: Price, change: SizeChange, size: Size): void
  /** The i-th is anything else; `follows` is false for a delta that its book does not bear out. */
  other(i: number, record: BookRecord, follows: boolean): void
}

/**
 * Reads what writeBodies wrote, as far as `count` records.
 * @returns whether it was written by writeBodies, and the book after these records, null when there is none
 */
export function readBodies(
  from: VarintReader,
  before: Before,
  marks: Uint8Array,
  { seqs, recvs, events }: Stamps,
  count: number,
  reader: BodyReader,
): { readonly ladders: Ladders | null } | null {
  const prices = new Float64Array(marks.length)
  const changes = new Float64Array(marks.length)
  for (let i = 0; i < marks.length; i++) {
    const mark = marks[i] ?? 0
    if ((mark & KIND) !== DELTA) continue
    prices[i] = (mark & NEW_LEVEL) > 0 ? from.signed() : from.unsigned()
  }
  for (let i = 0; i < marks.length; i++) {
    const mark = marks[i] ?? 0
    if ((mark & KIND) === DELTA && (mark & CHANGE) <= CONTRACTS) changes[i] = from.signed()
  }
  const fold = new SegmentBook(before.ladders)
  let last = before.seq
  for (let i = 0; i < count && !from.failed; i++) {
    const mark = marks[i] ?? 0
    const seq = seqs[i] as Seq
    if ((mark & KIND) === DELTA) {
      const good = readDelta(i, mark, prices[i] ?? 0, changes[i] ?? 0, fold, before.unit, reader)
      if (!good) return null
    } else {
      const stamp = { seq, recv: recvs[i] as Micros, event: eventAt(events, i) }
      const record = readRare(from, stamp, mark, last, before.unit)
      if (record === null) return null
      reader.other(i, record, fold.bearsOut(record))
      fold.take(record)
    }
    last = seq
  }
  return from.failed ? null : { ladders: fold.ladders() }
}

/** @returns whether there can be such a delta */
function readDelta(
  i: number,
  mark: number,
  place: number,
  written: number,
  fold: SegmentBook,
  unit: number,
  reader: BodyReader,
): boolean {
  const side = (mark & NO) > 0 ? 'no' : 'yes'
  const ladder = fold.side(side)
  const isNew = (mark & NEW_LEVEL) > 0
  if (ladder === null || (isNew && (mark & CHANGE) === REMOVAL)) return false
  const price = isNew ? asPrice((ladder.best ?? 0) - place * unit) : ladder.price(place)
  if (price === null) return false
  const rank = isNew ? ladder.rank(price) : place
  if (isNew && ladder.price(rank) === price) return false
  const before = isNew ? 0 : ladder.size(rank)
  const change = changeOf(mark, written, before, fold) as SizeChange
  const size = asSize(before + change)
  if (size === null || !Number.isSafeInteger(change)) return false
  ladder.setAt(rank, price, size)
  fold.change = change
  reader.delta(i, side, price, change, size)
  return true
}

function changeOf(mark: number, written: number, before: number, fold: SegmentBook): number {
  switch (mark & CHANGE) {
    case REMOVAL:
      return 0 - before
    case REVERSAL:
      return 0 - fold.change
    case CONTRACTS:
      return written * 100
    default:
      return written
  }
}

function readRare(
  from: VarintReader,
  stamp: Stamp,
  mark: number,
  before: Seq,
  unit: number,
): BookRecord | null {
  switch (mark & KIND) {
    case OTHER:
      return readOther(from, stamp, mark, before, unit)
    case UNFOLDED:
      return readUnfolded(from, stamp, mark)
    default:
      return null
  }
}

function readUnfolded(from: VarintReader, stamp: Stamp, mark: number): DeltaRecord | null {
  if ((mark & ~(TIMES | NO)) !== UNFOLDED) return null
  const price = asPrice(from.unsigned())
  const change = from.signed() as SizeChange
  const size = asSize(from.unsigned())
  if (price === null || size === null) return null
  const side = (mark & NO) > 0 ? 'no' : 'yes'
  return { kind: 'delta', ...stamp, side, price, change, size }
}

function readOther(
  from: VarintReader,
  stamp: Stamp,
  mark: number,
  before: Seq,
  unit: number,
): BookRecord | null {
  if ((mark & ~TIMES) !== OTHER) return null
  const kind = KINDS[from.byte()]
  switch (kind) {
    case 'snapshot': {
      const reason = SNAPSHOT_REASONS[from.byte()]
      const ladders = readLadders(from, unit)
      return reason === undefined || ladders === null
        ? null
        : { kind, ...stamp, reason, ...ladders }
    }
    case 'gap': {
      const body = readGapBody(from, stamp.recv, before)
      return body && { kind, ...stamp, ...body }
    }
    case 'end': {
      const reason = END_REASONS[from.byte()]
      return reason === undefined ? null : { kind, ...stamp, reason }
    }
    default:
      return null
  }
}
