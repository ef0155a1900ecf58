import type { Micros } from './instant.ts'
import type { BookRecord } from './log.ts'
import { type VarintReader, VarintWriter } from './varint.ts'

/** When a record was received and when the exchange says it happened. */
export type RecordTimes = { readonly recv: Micros; readonly event: Micros | null }

type Before = { readonly openUs: Micros; readonly event: Micros | null }

/** The bits of a record's mark that are its times. */
export const TIMES = 3
const OWN = 0
const SAME = 1
const NO_EVENT = 2
const SAME_RECV = 3

const MILLISECOND = 1000
/** A lag beyond it, µs, is no lag: the exchange said an absurd time. */
const LONGEST_LAG = 2 ** 50

// How the events of a segment are written.
/** How many µs before its recv each was, above the least such lag. */
const LAGS = 0
/** The same in whole ms, where all events are such. */
const WHOLE_LAGS = 1
/** As they are. */
const INSTANTS = 2

/**
 * Notes in the marks how each record's times are written, and writes them: what recv is above the recv before it, then the
 * events. Throws RangeError for a recv that goes back.
 */
export function writeTimes(
  records: readonly BookRecord[],
  before: Before,
  marks: Uint8Array,
): VarintWriter {
  const received = new VarintWriter()
  const own: { readonly recv: Micros; readonly event: Micros }[] = []
  let last: RecordTimes = { recv: before.openUs, event: before.event }
  for (const [i, { recv, event }] of records.entries()) {
    const mark = markOf(recv === last.recv, event, last.event)
    marks[i] = mark
    if (mark === OWN || mark === NO_EVENT) received.unsigned(recv - last.recv)
    if (event !== null && mark !== SAME) own.push({ recv, event })
    last = { recv, event }
  }
  const how = own.some(({ recv, event }) => Math.abs(recv - event) > LONGEST_LAG)
    ? INSTANTS
    : own.every(({ event }) => event % MILLISECOND === 0)
      ? WHOLE_LAGS
      : LAGS
  const numbers = own.map(({ recv, event }) => numberOf(how, recv, event))
  const least = numbers.reduce((a, b) => Math.min(a, b), numbers[0] ?? 0)
  const out = new VarintWriter()
  out.byte(how)
  if (how !== INSTANTS) out.signed(least)
  out.append(received)
  for (const number of numbers) out.unsigned(how === INSTANTS ? number : number - least)
  return out
}

function markOf(sameRecv: boolean, event: Micros | null, lastEvent: Micros | null): number {
  if (sameRecv && event === lastEvent) return SAME
  if (event === null) return NO_EVENT
  return sameRecv ? SAME_RECV : OWN
}

function numberOf(how: number, recv: Micros, event: Micros): number {
  if (how === INSTANTS) return event
  return how === LAGS ? recv - event : Math.floor(recv / MILLISECOND) - event / MILLISECOND
}

function eventOf(how: number, recv: Micros, number: number): Micros {
  if (how === INSTANTS) return number as Micros
  const lags =
    how === LAGS ? recv - number : (Math.floor(recv / MILLISECOND) - number) * MILLISECOND
  return lags as Micros
}

/** When each record of a run was received and happened, in order; NaN for what has no event. */
export type TimeColumns = { readonly recvs: Float64Array; readonly events: Float64Array }

/** When the i-th record of a run happened. */
export function eventAt(events: Float64Array, i: number): Micros | null {
  const event = events[i] ?? Number.NaN
  return Number.isNaN(event) ? null : (event as Micros)
}

/** Reads what writeTimes wrote; null for anything else. */
export function readTimes(
  from: VarintReader,
  before: Before,
  marks: Uint8Array,
): TimeColumns | null {
  const how = from.byte()
  const least = how === INSTANTS ? 0 : from.signed()
  if (how > INSTANTS || from.failed) return null
  const recvs = new Float64Array(marks.length)
  let recv: number = before.openUs
  for (let i = 0; i < marks.length; i++) {
    const kind = (marks[i] ?? 0) & TIMES
    if (kind === OWN || kind === NO_EVENT) recv += from.unsigned()
    recvs[i] = recv
  }
  if (recv > Number.MAX_SAFE_INTEGER) return null
  const events = new Float64Array(marks.length)
  let event: number = before.event ?? Number.NaN
  for (let i = 0; i < marks.length; i++) {
    const kind = (marks[i] ?? 0) & TIMES
    if (kind === NO_EVENT) event = Number.NaN
    else if (kind !== SAME) {
      event = eventOf(how, (recvs[i] ?? 0) as Micros, from.unsigned() + least)
      if (event < 0 || event > Number.MAX_SAFE_INTEGER) return null
    }
    events[i] = event
  }
  return from.failed ? null : { recvs, events }
}
