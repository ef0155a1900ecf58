import { fullChecksum } from '#core/checksum'
import type { BookRecord, Image } from '#core/log'
import type { MarketLog } from '#core/market-log'
import type { Ticker } from '#core/ticker'
import { printImage, printRecord } from '#core/wire/record'
import type { PrintedRecord } from './recent-records.ts'

/** What an item tells besides its market; what is empty or null is left out. */
export type ItemParts = {
  readonly records: readonly PrintedRecord[]
  readonly image: Image | null
  readonly sum: number | null
  readonly trades: readonly string[]
  readonly status: string | null
}

type BookStart = { readonly image: Image | null; readonly records: readonly BookRecord[] }

/** What a book begins from: its image, or the gap that tells why there is none; then its end, if it has one. */
export function startOf(log: MarketLog): BookStart {
  const { ending, openGap } = log
  if (ending === null) return { image: log.image(), records: openGap === null ? [] : [openGap] }
  return ending.kind === 'book'
    ? { image: ending.image, records: [ending.end] }
    : { image: null, records: [ending.gap, ending.end] }
}

/** What tells of a book after the records that wait, which are told first: its image, or its gap and end if they are not among them. */
export function startAfter(log: MarketLog, waiting: readonly PrintedRecord[]) {
  const { image, records } = startOf(log)
  const told = new Set(waiting.map(({ seq }) => seq))
  const rest = records
    .filter(({ seq }) => !told.has(seq))
    .map((record) => ({ seq: record.seq, text: JSON.stringify(printRecord(record)) }))
  const sum = image === null ? null : fullChecksum(image)
  return { image, sum, records: [...waiting, ...rest].sort((a, b) => a.seq - b.seq) }
}

/** Prints an item for a feed message. */
export function itemText(market: Ticker, parts: ItemParts): string {
  return `{"m":"${market}"${partsText(parts)}}`
}

/** The answer to a peek: the book, or why there is none, or nothing when the market has no log. */
export function peekText(market: Ticker, log: MarketLog | undefined): (ref: number) => string {
  const start = log === undefined ? null : startAfter(log, [])
  const parts = start === null ? '' : partsText({ ...start, trades: [], status: null })
  return (ref) => `{"m":"${market}","ref":${ref}${parts}}`
}

/** A ticker and a checksum need no escapes. */
function partsText({ records, image, sum, trades, status }: ItemParts): string {
  const texts = records.map(({ text }) => text)
  const recordsText = texts.length === 0 ? '' : `,"records":[${texts.join(',')}]`
  const imageText = image === null ? '' : `,"image":${JSON.stringify(printImage(image))}`
  const sumText = sum === null ? '' : `,"sum":${sum}`
  const tradesText = trades.length === 0 ? '' : `,"trades":[${trades.join(',')}]`
  return `${recordsText}${imageText}${sumText}${tradesText}${status === null ? '' : `,"status":${status}`}`
}
