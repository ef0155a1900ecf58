import type { Micros } from './instant.ts'
import { parseLadders, printLadders } from './ladder-text.ts'
import {
  asSeq,
  type BookRecord,
  END_REASONS,
  GAP_CAUSES,
  type Gap,
  type Side,
  SNAPSHOT_REASONS,
} from './log.ts'
import { asPrice } from './price.ts'
import { asSize, type SizeChange } from './size.ts'

/** A record as `kb.book_deltas` holds it, named as its columns. */
export type LogRow = {
  readonly seq: number
  readonly recv_us: number
  readonly event_us: number | null
  /** 0 snapshot, 1 delta, 2 gap, 3 end. */
  readonly kind: number
  /** 0 yes, 1 no. */
  readonly side: number | null
  readonly price: number | null
  readonly change: number | null
  readonly size: number | null
  readonly reason: string | null
  readonly from_us: number | null
  readonly prev_seq: number | null
  readonly ladders: string | null
}

/** A row as a driver gives it: 64-bit integers may come as text. */
export type RawLogRow = { readonly [Column in keyof LogRow]: unknown }

/** A row of `kb.book_gaps` as a driver gives it. */
export type RawGapRow = {
  readonly [Column in 'seq' | 'cause' | 'from_us' | 'to_us' | 'noticed_us' | 'prev_seq']: unknown
}

/** Thrown when a stored row cannot be read, or a record cannot be stored: a fault of ours, never passed over. */
export class LogRowError extends Error {
  readonly code: 'row_unreadable' | 'record_unstorable'
  readonly retryable = false

  constructor(code: 'row_unreadable' | 'record_unstorable', marketId: number, seq: unknown) {
    super(`${code}: market ${marketId}, seq ${seq}`)
    this.name = 'LogRowError'
    this.code = code
  }
}

const SIDES: readonly Side[] = ['yes', 'no']

/** The row of a record, or null when the table would refuse it. */
export function rowOf(record: BookRecord): LogRow | null {
  const row = { ...EMPTY, seq: record.seq, recv_us: record.recv, event_us: record.event }
  const whole = toRow(row, record)
  // Reading it back is the one test that the table and every reader will agree with.
  return recordOf(whole) === null ? null : whole
}

const EMPTY = {
  side: null,
  price: null,
  change: null,
  size: null,
  reason: null,
  from_us: null,
  prev_seq: null,
  ladders: null,
}

function toRow(row: Omit<LogRow, 'kind'>, record: BookRecord): LogRow {
  switch (record.kind) {
    case 'snapshot':
      return { ...row, kind: 0, reason: record.reason, ladders: printLadders(record) }
    case 'delta': {
      const { price, change, size } = record
      return { ...row, kind: 1, side: SIDES.indexOf(record.side), price, change, size }
    }
    case 'gap': {
      const { cause, from, prevSeq } = record
      return { ...row, kind: 2, reason: cause, from_us: from, prev_seq: prevSeq }
    }
    case 'end':
      return { ...row, kind: 3, reason: record.reason }
  }
}

/** The record of a row, or null when the row is none. */
export function recordOf(row: RawLogRow): BookRecord | null {
  const seq = asSeq(integer(row.seq) ?? -1)
  const recv = micros(row.recv_us)
  const event = row.event_us === null ? null : micros(row.event_us)
  if (seq === null || recv === null || (event === null && row.event_us !== null)) return null
  switch (row.kind) {
    case 0: {
      const reason = SNAPSHOT_REASONS.find((word) => word === row.reason)
      const ladders = typeof row.ladders === 'string' ? parseLadders(row.ladders) : null
      if (reason === undefined || ladders === null || event !== null) return null
      return { kind: 'snapshot', seq, recv, event, reason, ...ladders }
    }
    case 1: {
      const side = SIDES[integer(row.side) ?? -1]
      const price = asPrice(integer(row.price) ?? -1)
      const change = integer(row.change) as SizeChange | null
      const size = asSize(integer(row.size) ?? -1)
      if (side === undefined || price === null || change === null || size === null) return null
      return { kind: 'delta', seq, recv, event, side, price, change, size }
    }
    case 2: {
      const cause = GAP_CAUSES.find((word) => word === row.reason)
      const from = micros(row.from_us)
      const prevSeq = row.prev_seq === null ? null : asSeq(integer(row.prev_seq) ?? -1)
      if (cause === undefined || from === null || from > recv || event !== null) return null
      if (prevSeq === null ? row.prev_seq !== null : prevSeq >= seq) return null
      return { kind: 'gap', seq, recv, event, cause, from, prevSeq }
    }
    case 3: {
      const reason = END_REASONS.find((word) => word === row.reason)
      return reason === undefined ? null : { kind: 'end', seq, recv, event, reason }
    }
    default:
      return null
  }
}

/** The gap of a row of the overlay, or null when the row is none. */
export function gapOfRow(row: RawGapRow): Gap | null {
  const seq = asSeq(integer(row.seq) ?? -1)
  const cause = GAP_CAUSES.find((word) => word === row.cause)
  const from = micros(row.from_us)
  const to = row.to_us === null ? null : micros(row.to_us)
  const noticed = micros(row.noticed_us)
  const prevSeq = row.prev_seq === null ? null : asSeq(integer(row.prev_seq) ?? -1)
  if (seq === null || cause === undefined || from === null || noticed === null) return null
  if ((to === null && row.to_us !== null) || (prevSeq === null && row.prev_seq !== null))
    return null
  return { seq, cause, from, to, noticed, prevSeq }
}

/** An integer below 2⁵³ in size, given as a number or as its decimal text; null for anything else. */
export function integer(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null
  if (typeof value !== 'string' || !/^-?\d{1,16}$/.test(value)) return null
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : null
}

/** A moment in integer microseconds, given as a number or as its decimal text; null for anything else. */
export function micros(value: unknown): Micros | null {
  const number = integer(value)
  return number === null || number < 0 ? null : (number as Micros)
}
