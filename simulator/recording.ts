import { z } from 'zod'
import { parseInstant } from '#core/instant'
import { parsePrice } from '#core/price'
import { parseSize, parseSizeChange } from '#core/size'
import { parseTicker } from '#core/ticker'
import { type Level, MapBook, type Side } from './book.ts'

/** One book event of a recording; `receivedMs` is when its recorder got it. */
export type RecordedEvent = { receivedMs: number; ticker: string } & (
  | { kind: 'snapshot'; yes: Level[]; no: Level[] }
  | {
      kind: 'delta'
      side: Side
      price: number
      change: number
      ts: string | undefined
      tsMs: number | undefined
    }
)

/** A recording's book events in order, and the exchange's id of each market. */
export type Recording = { events: RecordedEvent[]; ids: Map<string, string> }

const line = z.object({ received_ms: z.int().min(0), frame: z.object({ type: z.string() }) })

const ticker = z.string().refine((text) => parseTicker(text) !== null, 'no ticker')

const price = z.string().transform((text, context) => {
  const read = parsePrice(text)
  if (read === null) context.addIssue({ code: 'custom', message: `${text} is no price` })
  return Number(read)
})

const size = z.string().transform((text, context) => {
  const read = parseSize(text)
  if (read === null || read === 0) {
    context.addIssue({ code: 'custom', message: `${text} is no size` })
  }
  return Number(read)
})

const change = z.string().transform((text, context) => {
  const read = parseSizeChange(text)
  if (read === null) context.addIssue({ code: 'custom', message: `${text} is no change` })
  return Number(read)
})

const ladder = z.array(z.tuple([price, size])).default([])

const snapshot = z.object({
  market_ticker: ticker,
  market_id: z.string(),
  yes_dollars_fp: ladder,
  no_dollars_fp: ladder,
})

const delta = z.object({
  market_ticker: ticker,
  market_id: z.string(),
  price_dollars: price,
  delta_fp: change,
  side: z.enum(['yes', 'no']),
  ts: z
    .string()
    .refine((text) => parseInstant(text) !== null, 'no time')
    .optional(),
  ts_ms: z.int().optional(),
})

/** Why a recording cannot be played, with the number of the line. */
export class MalformedRecording extends Error {
  readonly line: number

  constructor(number: number, reason: string) {
    super(`line ${number} of the recording: ${reason}`)
    this.line = number
  }
}

/**
 * Reads a recording: a JSON object `{"received_ms", "frame"}` a line. Snapshots and deltas are kept,
 * in order; frames of other types are passed over.
 * @throws MalformedRecording for what cannot be read, or cannot have happened: a delta before its
 * market's first snapshot, a level below zero, a time that goes back
 */
export function readRecording(text: string): Recording {
  const recording: Recording = { events: [], ids: new Map() }
  const books = new Map<string, MapBook>()
  text.split('\n').forEach((each, index) => {
    if (each.trim() === '') return
    try {
      const event = readLine(each, recording.ids)
      if (event === null) return
      const before = recording.events.at(-1)?.receivedMs ?? 0
      if (event.receivedMs < before) throw new Error('received_ms goes back')
      follow(books, event)
      recording.events.push(event)
    } catch (error) {
      throw new MalformedRecording(index + 1, reasonOf(error))
    }
  })
  if (recording.events.length === 0) throw new MalformedRecording(1, 'it holds no book event')
  return recording
}

function readLine(text: string, ids: Map<string, string>): RecordedEvent | null {
  const raw: unknown = JSON.parse(text)
  const { received_ms: receivedMs, frame } = line.parse(raw)
  const body = z.object({ frame: z.object({ msg: z.unknown().optional() }) })
  if (frame.type === 'orderbook_snapshot') {
    const msg = snapshot.parse(body.parse(raw).frame.msg)
    ids.set(msg.market_ticker, msg.market_id)
    const { yes_dollars_fp: yes, no_dollars_fp: no } = msg
    return { kind: 'snapshot', receivedMs, ticker: msg.market_ticker, yes, no }
  }
  if (frame.type !== 'orderbook_delta') return null
  const msg = delta.parse(body.parse(raw).frame.msg)
  return {
    kind: 'delta',
    receivedMs,
    ticker: msg.market_ticker,
    side: msg.side,
    price: msg.price_dollars,
    change: msg.delta_fp,
    ts: msg.ts,
    tsMs: msg.ts_ms,
  }
}

/** Applies an event to the recording's own books: what they cannot hold cannot be played. */
function follow(books: Map<string, MapBook>, event: RecordedEvent): void {
  let book = books.get(event.ticker)
  if (event.kind === 'delta') {
    if (book === undefined) throw new Error(`a delta of ${event.ticker} before its snapshot`)
    book.apply(event.side, event.price, event.change)
    return
  }
  if (book === undefined) {
    book = new MapBook()
    books.set(event.ticker, book)
  }
  book.replace(event.yes, event.no)
  if (book.depth('yes') < event.yes.length || book.depth('no') < event.no.length) {
    throw new Error('a snapshot names a price twice')
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues
    return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unreadable'}`
  }
  return error instanceof Error ? error.message : String(error)
}
