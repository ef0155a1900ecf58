import type { Micros } from './instant.ts'
import { asSeq, type Ladders, type Seq } from './log.ts'
import type { Opening, Segment } from './segment.ts'
import { type Before, readRecords, writeRecords } from './segment-columns.ts'
import { readGap, readLadders, unitOf, writeGap, writeLadders } from './segment-parts.ts'
import { VarintReader, VarintWriter } from './varint.ts'

const VERSION = 1
const NEW = 0
const KNOWN = 1
const UNKNOWN = 2
const CLOSED = 4
const EVENT = 8

/**
 * The bytes of a segment, made to be deflated: each kind of number stands by itself, as the difference to what a reader
 * knows already. Throws RangeError for what no log holds: an instant or a seq that goes back, a ladder that is not best first.
 */
export function encodeSegment(segment: Segment): Uint8Array {
  const { openUs, opening, records } = segment
  const unit = unitOf(laddersOf(opening), records)
  const out = new VarintWriter()
  out.byte(VERSION)
  out.unsigned(openUs)
  out.unsigned(unit)
  writeOpening(out, opening, openUs, unit)
  writeRecords(out, records, { openUs, unit, ...before(opening) })
  return out.bytes()
}

/**
 * Reads what encodeSegment wrote; null for anything else. What it makes is never more than the bytes can hold.
 * @param bytes inflated
 */
export function decodeSegment(bytes: Uint8Array): Segment | null {
  const from = new VarintReader(bytes)
  const start = readStart(from)
  if (start === null) return null
  const { openUs, opening, before } = start
  const records = readRecords(from, before)
  return records === null || from.failed || from.left > 0 ? null : { openUs, opening, records }
}

/** What a segment begins with. */
export type SegmentStart = {
  readonly openUs: Micros
  readonly opening: Opening
  /** What its records are differences to. */
  readonly before: Before
}

/** Reads what stands before a segment's records; null when that is nothing which encodeSegment wrote. */
export function readStart(from: VarintReader): SegmentStart | null {
  if (from.byte() !== VERSION) return null
  const openUs = from.unsigned() as Micros
  const unit = from.unsigned()
  if (from.failed || unit === 0) return null
  const opening = readOpening(from, openUs, unit)
  return opening && { openUs, opening, before: { openUs, unit, ...before(opening) } }
}

/** What the first record is written as a difference to. */
function before(opening: Opening): {
  readonly seq: Seq
  readonly event: Micros | null
  readonly ladders: Ladders | null
} {
  switch (opening.kind) {
    case 'new':
      return { seq: -1 as Seq, event: null, ladders: null }
    case 'known':
      return opening
    case 'unknown':
      return { seq: opening.seq, event: opening.gap.event, ladders: null }
  }
}

function laddersOf(opening: Opening): Ladders | null {
  return opening.kind === 'known' ? opening.ladders : null
}

function writeOpening(out: VarintWriter, opening: Opening, openUs: Micros, unit: number): void {
  switch (opening.kind) {
    case 'new':
      out.byte(NEW)
      break
    case 'known': {
      const { seq, recv, event, closed } = opening
      out.byte(KNOWN | (closed ? CLOSED : 0) | (event === null ? 0 : EVENT))
      out.unsigned(seq)
      out.unsigned(openUs - recv)
      if (event !== null) out.unsigned(event)
      out.unsigned(seq - opening.openingSeq)
      out.unsigned(opening.deltas)
      writeLadders(out, opening.ladders, unit)
      break
    }
    case 'unknown':
      out.byte(UNKNOWN | (opening.closed ? CLOSED : 0))
      out.unsigned(opening.seq)
      out.unsigned(openUs - opening.recv)
      writeGap(out, opening.gap, opening)
  }
}

function readOpening(from: VarintReader, openUs: Micros, unit: number): Opening | null {
  const flags = from.byte()
  const kind = flags % CLOSED
  if (kind === NEW) return flags === NEW && !from.failed ? { kind: 'new' } : null
  const closed = (flags & CLOSED) > 0
  const seq = asSeq(from.unsigned())
  const recv = (openUs - from.unsigned()) as Micros
  if (seq === null || recv < 0) return null
  if (kind === UNKNOWN && flags < EVENT) {
    const gap = readGap(from, { seq, recv })
    return gap === null ? null : { kind: 'unknown', seq, recv, gap, closed }
  }
  if (kind !== KNOWN || flags >= 2 * EVENT) return null
  const event = (flags & EVENT) > 0 ? (from.unsigned() as Micros) : null
  const openingSeq = asSeq(seq - from.unsigned())
  const deltas = from.unsigned()
  const ladders = readLadders(from, unit)
  if (openingSeq === null || ladders === null) return null
  return { kind: 'known', seq, recv, event, ladders, closed, openingSeq, deltas }
}
