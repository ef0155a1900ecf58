import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import type { CursorPosition } from '#core/cursor'
import type { Micros } from '#core/instant'
import { csvHeader, csvLine } from '#core/wire/csv'
import { setTerms } from './answer.ts'
import type { App } from './context.ts'
import { type Database, DatabaseAwayError } from './database.ts'
import { type CSV_TYPE, NDJSON_TYPE, takesGzip } from './format.ts'
import type { PaidRows } from './gate/paid-rows.ts'
import type { List, Opened, RowPrinter } from './list.ts'
import { logFault } from './log-fault.ts'
import { STREAM_STATEMENT_MS, withStatementLimit } from './statement-limit.ts'

/** A list that has been opened and is to be sent whole. */
export type RowStream<Row, Wire extends object> = {
  readonly list: List<Row, Wire>
  readonly opened: Extract<Opened<Row>, { ok: true }>
  /** Where it begins; null for the list's beginning. */
  readonly after: CursorPosition | null
  /** Rows at most. */
  readonly most: number
  readonly format: typeof NDJSON_TYPE | typeof CSV_TYPE
  readonly data: Database
  /** Pays for each row before it is sent. */
  readonly paid: PaidRows
  readonly cursorAt: (position: CursorPosition) => Promise<string>
}

/** A stream that can say nothing of why it ends is broken off so. */
class StreamBrokenError extends Error {}

/** How far a stream has come; `at` is null before the first batch and at the list's end. */
type Sent = { records: number; throughUs: Micros | null; at: CursorPosition | null }

/**
 * Answers with all rows of a list, batch by batch as the caller takes them. NDJSON ends with a line that says so, or that it
 * broke off and where to go on; CSV that cannot finish breaks the connection.
 */
export function streamRows<Row, Wire extends object>(
  c: Context<App>,
  stream: RowStream<Row, Wire>,
): Response {
  const pieces = stream.format === NDJSON_TYPE ? ndjson(c, stream) : csv(stream)
  const text = new TextEncoder()
  let left = false
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await pieces.next()
          if (left) return
          if (done) controller.close()
          else controller.enqueue(text.encode(value))
        } catch (error) {
          if (left) return
          if (!isExpected(error)) logFault(error, c.get('requestId'))
          controller.error(error)
        }
      },
      async cancel() {
        // The caller has left: nothing more is read, and what is under way is told to nobody.
        left = true
        stream.data.close()
        await pieces.return(undefined).catch(() => {})
        stream.paid.end(false)
      },
    },
    { highWaterMark: 1 },
  )
  setTerms(c, { caching: 'none', credits: null })
  // The runtime compresses a body whose headers say so.
  if (takesGzip(c)) c.header('Content-Encoding', 'gzip')
  // CSV has no other place for it.
  const holes = stream.opened.holes?.map(({ from_us, to_us }) => `${from_us}-${to_us ?? ''}`)
  if (holes !== undefined && holes.length > 0) c.header('X-Holes', holes.join(', '))
  return c.body(body, 200, { 'Content-Type': `${stream.format}; charset=UTF-8` })
}

async function* ndjson<Row, Wire extends object>(
  c: Context<App>,
  stream: RowStream<Row, Wire>,
): AsyncGenerator<string, void> {
  const { list, opened, cursorAt } = stream
  const sent: Sent = { records: 0, throughUs: null, at: null }
  const brokenOff = async ({ code, message }: ApiError) => {
    const at = sent.at ?? stream.after
    const cursor = at && (await cursorAt(at))
    return `${JSON.stringify({ type: 'error', code, message, cursor })}\n`
  }
  try {
    const unpaid = yield* rowsOf(stream, opened.ndjson ?? lines(list), sent)
    if (unpaid !== null) {
      yield await brokenOff(unpaid)
      return
    }
    const { credits } = stream.paid
    const cursor = sent.at === null ? {} : { cursor: await cursorAt(sent.at) }
    const { records, throughUs } = sent
    const told = { through_us: throughUs, ...(opened.holes && { holes: opened.holes }) }
    yield `${JSON.stringify({ type: 'end', records, ...told, credits, ...cursor })}\n`
  } catch (error) {
    const away = error instanceof DatabaseAwayError
    if (!away) logFault(error, c.get('requestId'))
    const code = away ? 'upstream_degraded' : 'internal'
    const message = away ? 'the record cannot be read now' : 'this is our fault'
    yield await brokenOff({ code, message })
  }
}

async function* csv<Row, Wire extends object>(
  stream: RowStream<Row, Wire>,
): AsyncGenerator<string, void> {
  const { list, opened } = stream
  const { columns, wire } = list
  const own: RowPrinter<Row> = {
    head: csvHeader(columns),
    print: (rows) => rows.map((row) => csvLine(columns, wire(row))).join(''),
  }
  const sent: Sent = { records: 0, throughUs: null, at: null }
  const unpaid = yield* rowsOf(stream, opened.csv ?? own, sent)
  if (unpaid !== null) throw new StreamBrokenError(unpaid.code)
}

/** Whether an error is no fault of ours: Postgres is away, or what was left to spend is spent. */
function isExpected(error: unknown): boolean {
  return error instanceof DatabaseAwayError || error instanceof StreamBrokenError
}

function lines<Row, Wire extends object>({ wire }: List<Row, Wire>): RowPrinter<Row> {
  const print = (rows: readonly Row[]) =>
    rows.map((row) => `${JSON.stringify(wire(row))}\n`).join('')
  return { head: '', print }
}

/**
 * Prints the rows of each batch, and notes in `sent` how far it has come. At its end nothing more is read.
 * @returns why it went no further; null at the end
 */
async function* rowsOf<Row, Wire extends object>(
  { list, opened, most, paid, data }: RowStream<Row, Wire>,
  { head, print }: RowPrinter<Row>,
  sent: Sent,
): AsyncGenerator<string, ApiError | null> {
  const batches = opened.batches[Symbol.asyncIterator]()
  let failed = true
  try {
    if (head !== '') yield head
    while (sent.records < most) {
      const { done, value } = await data.run((sql) =>
        withStatementLimit(sql, STREAM_STATEMENT_MS, () => batches.next()),
      )
      if (done) break
      const { throughUs, next } = value
      let rest = value.rows
      do {
        const room = rest.length === 0 ? 0 : await paid.room()
        if (typeof room !== 'number') return room
        const rows = rest.slice(0, Math.min(room, most - sent.records))
        const text = print(rows)
        rest = rest.slice(rows.length)
        const last = rows.at(-1)
        paid.sent(rows.length)
        sent.records += rows.length
        sent.throughUs = throughUs
        sent.at = rest.length > 0 && last !== undefined ? list.position(last) : next
        if (text !== '') yield text
      } while (rest.length > 0 && sent.records < most)
      if (sent.at === null) break
    }
    failed = false
    return null
  } finally {
    paid.end(failed)
    data.close()
    // What is under way may never come: nobody waits for it.
    batches.return?.().catch(() => {})
  }
}
