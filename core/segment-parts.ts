import type { Micros } from './instant.ts'
import {
  asSeq,
  type BookRecord,
  GAP_CAUSES,
  type GapRecord,
  type Ladders,
  type Level,
  type Seq,
} from './log.ts'
import { asPrice } from './price.ts'
import { asSize } from './size.ts'
import type { VarintReader, VarintWriter } from './varint.ts'

/** The greatest step, in millionths of a dollar, of which all prices are multiples; 1 when there are none. */
export function unitOf(opening: Ladders | null, records: readonly BookRecord[]): number {
  let unit = 0
  const see = (price: number) => {
    let rest = price
    while (rest > 0) [unit, rest] = [rest, unit % rest]
  }
  const seeAll = (ladders: Ladders) => {
    for (const [price] of ladders.yes) see(price)
    for (const [price] of ladders.no) see(price)
  }
  if (opening !== null) seeAll(opening)
  for (const record of records) {
    if (record.kind === 'delta' && (unit === 0 || record.price % unit !== 0)) see(record.price)
    if (record.kind === 'snapshot') seeAll(record)
  }
  return unit === 0 ? 1 : unit
}

/** Writes both ladders, prices in units. Throws RangeError for a ladder that is not best first. */
export function writeLadders(out: VarintWriter, ladders: Ladders, unit: number): void {
  for (const levels of [ladders.yes, ladders.no]) {
    out.unsigned(levels.length)
    let above: number | null = null
    for (const [price] of levels) {
      // The best price is counted from zero; each other one from the next free place below it.
      out.unsigned(above === null ? price / unit : (above - price) / unit - 1)
      above = price
    }
    for (const [, size] of levels) writeSize(out, size)
  }
}

/** Reads what writeLadders wrote; null for anything else. */
export function readLadders(from: VarintReader, unit: number): Ladders | null {
  const yes = readLevels(from, unit)
  const no = yes && readLevels(from, unit)
  return yes && no && { yes, no }
}

function readLevels(from: VarintReader, unit: number): Level[] | null {
  const prices: number[] = []
  for (let left = from.count(2); left > 0; left--) {
    const above = prices.at(-1)
    const step = from.unsigned()
    prices.push(above === undefined ? step * unit : above - (step + 1) * unit)
  }
  const levels: Level[] = []
  for (const millionths of prices) {
    const price = asPrice(millionths)
    const size = asSize(readSize(from))
    if (from.failed || price === null || size === null || size === 0) return null
    levels.push([price, size])
  }
  return from.failed ? null : levels
}

/** Most sizes are whole contracts: those are written as even numbers, in contracts. */
function writeSize(out: VarintWriter, hundredths: number): void {
  out.unsigned(hundredths % 100 === 0 ? hundredths / 50 : 2 * hundredths + 1)
}

function readSize(from: VarintReader): number {
  const value = from.unsigned()
  return value % 2 === 0 ? value * 50 : (value - 1) / 2
}

const NO_PREVIOUS = 0
const PREVIOUS = 1
const OTHER = 2

/** Writes a gap as differences to the record that stands before it, or, for an opening, to the log's last. */
export function writeGap(
  out: VarintWriter,
  gap: GapRecord,
  last: { readonly seq: Seq; readonly recv: Micros },
): void {
  out.unsigned(last.seq - gap.seq)
  out.unsigned(last.recv - gap.recv)
  writeGapBody(out, gap, null)
}

/** Reads what writeGap wrote; null for anything else. */
export function readGap(
  from: VarintReader,
  last: { readonly seq: Seq; readonly recv: Micros },
): GapRecord | null {
  const seq = asSeq(last.seq - from.unsigned())
  const recv = (last.recv - from.unsigned()) as Micros
  const body = readGapBody(from, recv, null)
  return seq === null || recv < 0 || body === null
    ? null
    : { kind: 'gap', seq, recv, event: null, ...body }
}

/**
 * Writes what a gap has besides seq and times. Throws RangeError for one that begins after it was noticed.
 * @param before the seq of the record before it, which most gaps name
 */
export function writeGapBody(out: VarintWriter, gap: GapRecord, before: Seq | null): void {
  out.byte(GAP_CAUSES.indexOf(gap.cause))
  out.unsigned(gap.recv - gap.from)
  const { prevSeq } = gap
  const which = prevSeq === null ? NO_PREVIOUS : prevSeq === before ? PREVIOUS : OTHER
  out.byte(which)
  if (which === OTHER && prevSeq !== null) out.unsigned(prevSeq)
}

/** Reads what writeGapBody wrote; null for anything else. */
export function readGapBody(
  from: VarintReader,
  recv: Micros,
  before: Seq | null,
): Pick<GapRecord, 'cause' | 'from' | 'prevSeq'> | null {
  const cause = GAP_CAUSES[from.byte()]
  const vouched = (recv - from.unsigned()) as Micros
  const which = from.byte()
  const prevSeq = which === NO_PREVIOUS ? null : which === PREVIOUS ? before : from.unsigned()
  if (cause === undefined || vouched < 0 || from.failed) return null
  if (which > OTHER || (which === PREVIOUS && before === null)) return null
  return { cause, from: vouched, prevSeq: prevSeq as Seq | null }
}
