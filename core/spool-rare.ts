import type { Mark, SetAside, TradeHole } from './entry.ts'
import type { Micros } from './instant.ts'
import type { Epoch } from './log.ts'
import { CHANGE_KINDS, type MarketChange } from './market-change.ts'
import { parseTicker, type Ticker } from './ticker.ts'
import type { VarintReader, VarintWriter } from './varint.ts'
import { readText, writeText } from './varint-text.ts'

// The entries that are few, each as it stands alone. What reads them throws Unreadable where no such thing stands.

/** Stored by their places: only ever add at the end. So with every other list that the spool stores a word of. */
const ASIDE_KINDS = ['malformed', 'unknown', 'unstorable'] as const satisfies SetAside['kind'][]
const CHANGE_SOURCES = ['stream', 'rest', 'clock'] as const satisfies MarketChange['source'][]

/** Ends the reading of a block inside its decoder. */
export class Unreadable extends Error {}

/** Writes an interval of missing trades. */
export function writeHole(out: VarintWriter, hole: TradeHole): void {
  out.unsigned(hole.from)
  writeOptional(out, hole.to)
  writeOptional(out, hole.filled)
}

/** Reads what `writeHole` wrote. */
export function readHole(from: VarintReader): TradeHole {
  return {
    from: from.unsigned() as Micros,
    to: readOptional(from) as Micros | null,
    filled: readOptional(from) as Micros | null,
  }
}

/** Writes a change of a market, an event or a series. */
export function writeChange(out: VarintWriter, change: MarketChange): void {
  writeOptionalText(out, change.market)
  writeOptionalText(out, change.event)
  out.unsigned(CHANGE_KINDS.indexOf(change.kind))
  writeOptional(out, change.at)
  out.unsigned(change.recv)
  out.unsigned(CHANGE_SOURCES.indexOf(change.source))
  writeText(out, JSON.stringify(change.detail))
}

/** Reads what `writeChange` wrote. */
export function readChange(from: VarintReader): MarketChange {
  return {
    market: readOptionalTicker(from),
    event: from.byte() === 0 ? null : readText(from),
    kind: wordOf(CHANGE_KINDS, from.unsigned()),
    at: readOptional(from) as Micros | null,
    recv: from.unsigned() as Micros,
    source: wordOf(CHANGE_SOURCES, from.unsigned()),
    detail: detailOf(readText(from)),
  }
}

/** Writes a frame or row that was set aside. */
export function writeAside(out: VarintWriter, aside: SetAside): void {
  writeOptionalText(out, aside.market)
  out.unsigned(aside.recv)
  out.unsigned(ASIDE_KINDS.indexOf(aside.kind))
  writeText(out, aside.reason)
  writeText(out, aside.text)
}

/** Reads what `writeAside` wrote. */
export function readAside(from: VarintReader): SetAside {
  return {
    market: readOptionalTicker(from),
    recv: from.unsigned() as Micros,
    kind: wordOf(ASIDE_KINDS, from.unsigned()),
    reason: readText(from),
    text: readText(from),
  }
}

/** Writes how far the record was complete. */
export function writeMark(out: VarintWriter, mark: Mark): void {
  out.unsigned(mark.epoch)
  out.unsigned(mark.through)
  out.unsigned(mark.alive.length)
  for (const { connection, us } of mark.alive) {
    out.unsigned(connection)
    out.unsigned(us)
  }
}

/** Reads what `writeMark` wrote. */
export function readMark(from: VarintReader): Mark {
  const epoch = from.unsigned() as Epoch
  const through = from.unsigned() as Micros
  const alive: { connection: number; us: Micros }[] = []
  for (let left = from.count(2); left > 0; left--) {
    alive.push({ connection: from.unsigned(), us: from.unsigned() as Micros })
  }
  return { epoch, through, alive }
}

/** Writes an integer from 0, or that there is none. */
export function writeOptional(out: VarintWriter, value: number | null): void {
  out.byte(value === null ? 0 : 1)
  if (value !== null) out.unsigned(value)
}

/** Reads what `writeOptional` wrote. */
export function readOptional(from: VarintReader): number | null {
  return from.byte() === 0 ? null : from.unsigned()
}

/** Reads a market's ticker, written as a text. */
export function readTicker(from: VarintReader): Ticker {
  const ticker = parseTicker(readText(from))
  if (ticker === null) throw new Unreadable('no ticker')
  return ticker
}

/** The word at a place of a list. Throws Unreadable where none stands. */
export function wordOf<Word>(words: readonly Word[], place: number): Word {
  const word = words[place]
  if (word === undefined) throw new Unreadable(`no word at ${place}`)
  return word
}

function writeOptionalText(out: VarintWriter, value: string | null): void {
  out.byte(value === null ? 0 : 1)
  if (value !== null) writeText(out, value)
}

function readOptionalTicker(from: VarintReader): Ticker | null {
  return from.byte() === 0 ? null : readTicker(from)
}

function detailOf(text: string): Readonly<Record<string, unknown>> {
  const detail = parsed(text)
  if (!isObject(detail)) throw new Unreadable('no detail')
  return detail
}

/** The object itself: a copy of it by its keys would lose one that is named `__proto__`. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
