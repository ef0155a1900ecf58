import type { Micros } from './instant.ts'
import {
  type BookRecord,
  END_REASONS,
  type Epoch,
  epochOf,
  type Seq,
  SNAPSHOT_REASONS,
} from './log.ts'
import type { Price } from './price.ts'
import { readGapBody, readLadders, writeGapBody, writeLadders } from './segment-parts.ts'
import type { Size, SizeChange } from './size.ts'
import { VarintReader, VarintWriter } from './varint.ts'

const KINDS = ['snapshot', 'delta', 'gap', 'end'] as const
const KIND = 3
const NO = 4
const EVENT = 8
/** The exchange's time is too far from ours to be told by the difference. */
const FAR = 16
const FAR_US = 2 ** 50
/** Prices are written as they are. */
const UNIT = 1

type Stamp = { readonly seq: Seq; readonly recv: Micros }

/** Records of one market's log that wait to be sealed, in some 13 bytes each: a day's worth would not fit as objects. */
export class PackedRecords {
  readonly first: Stamp
  readonly epoch: Epoch
  #last: Stamp
  #count = 0
  readonly #bytes = new VarintWriter()

  constructor(first: BookRecord) {
    this.first = { seq: first.seq, recv: first.recv }
    this.epoch = epochOf(first.seq)
    this.#last = this.first
    this.add(first)
  }

  /** Seq and receive time of the last record. */
  get last(): Stamp {
    return this.#last
  }

  get count(): number {
    return this.#count
  }

  /** Bytes that the records take. */
  get size(): number {
    return this.#bytes.length
  }

  /** Adds the next record of the log. Throws RangeError when its seq or receive time goes back. */
  add(record: BookRecord): void {
    const bytes = this.#bytes
    const { kind, seq, recv, event } = record
    const side = kind === 'delta' && record.side === 'no' ? NO : 0
    const far = event !== null && Math.abs(recv - event) > FAR_US
    bytes.byte(KINDS.indexOf(kind) + side + (event === null ? 0 : EVENT) + (far ? FAR : 0))
    bytes.unsigned(seq - this.#last.seq)
    bytes.unsigned(recv - this.#last.recv)
    if (event !== null && far) bytes.unsigned(event)
    if (event !== null && !far) bytes.signed(recv - event)
    writeBody(bytes, record)
    this.#last = { seq, recv }
    this.#count += 1
  }

  /** The records as they were given. */
  records(): BookRecord[] {
    const from = new VarintReader(this.#bytes.bytes())
    const records: BookRecord[] = []
    let { seq, recv }: { seq: number; recv: number } = this.first
    while (records.length < this.#count) {
      const flags = from.byte()
      seq += from.unsigned()
      recv += from.unsigned()
      const event = readEvent(from, flags, recv)
      const record = readBody(from, flags, { seq: seq as Seq, recv: recv as Micros, event })
      if (record === null) throw new Error(`packed record ${seq} cannot be read`)
      records.push(record)
    }
    return records
  }
}

type Stamped = Pick<BookRecord, 'seq' | 'recv' | 'event'>

function readEvent(from: VarintReader, flags: number, recv: number): Micros | null {
  if ((flags & EVENT) === 0) return null
  return ((flags & FAR) > 0 ? from.unsigned() : recv - from.signed()) as Micros
}

function writeBody(bytes: VarintWriter, record: BookRecord): void {
  switch (record.kind) {
    case 'snapshot':
      bytes.byte(SNAPSHOT_REASONS.indexOf(record.reason))
      writeLadders(bytes, record, UNIT)
      return
    case 'delta':
      bytes.unsigned(record.price)
      bytes.signed(record.change)
      bytes.unsigned(record.size)
      return
    case 'gap':
      writeGapBody(bytes, record, null)
      return
    case 'end':
      bytes.byte(END_REASONS.indexOf(record.reason))
  }
}

function readBody(from: VarintReader, flags: number, stamp: Stamped): BookRecord | null {
  const kind = KINDS[flags & KIND]
  switch (kind) {
    case 'snapshot': {
      const reason = SNAPSHOT_REASONS[from.byte()]
      const ladders = readLadders(from, UNIT)
      return reason === undefined || ladders === null
        ? null
        : { kind, ...stamp, reason, ...ladders }
    }
    case 'delta': {
      const side = (flags & NO) > 0 ? 'no' : 'yes'
      const price = from.unsigned() as Price
      const change = from.signed() as SizeChange
      return { kind, ...stamp, side, price, change, size: from.unsigned() as Size }
    }
    case 'gap': {
      const body = readGapBody(from, stamp.recv, null)
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
