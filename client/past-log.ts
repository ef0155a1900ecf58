import type { ServerMessage } from '#core/wire/stream'
import { FollowedBook } from './followed-book.ts'
import { linesOf } from './lines.ts'
import { parseJson, readMessage } from './read-message.ts'
import type { LogEvent } from './stream-event.ts'
import type { Fetch } from './ticket.ts'

/** Which part of the record is read. */
export type PastLogOptions = {
  /** The API's address, `https://…`. */
  readonly url: string
  readonly apiKey: string
  /** One market, an event, or up to 100 markets. */
  readonly of:
    | { readonly market: string }
    | { readonly event: string }
    | { readonly markets: readonly string[] }
  /** RFC 3339 with a zone, or epoch time; the first record, and now, when absent. */
  readonly from?: string
  readonly to?: string
  /** Records at most; all when absent. When there are more, `log_end` says where to go on. */
  readonly limit?: number
  /** Where a reading that broke off goes on, with the same `of`, `from` and `to`. */
  readonly cursor?: string
  readonly fetch?: Fetch
}

const NOTHING_BROKEN = { broken: false }

/**
 * Reads the past as a stream (`/deltas?layout=stream`): the same events by the same rule, each book to look at by `book()`.
 * The last event says whether all was told (`log_end`) or it broke off (`incomplete`).
 */
export class PastLog implements AsyncIterable<LogEvent> {
  readonly #options: PastLogOptions
  readonly #books = new Map<string, FollowedBook>()

  constructor(options: PastLogOptions) {
    this.#options = options
  }

  /** A market's book as of the last event; null while nothing was told of it. */
  book(market: string): FollowedBook | null {
    return this.#books.get(market) ?? null
  }

  /** Every book that was told of, by market. */
  get books(): ReadonlyMap<string, FollowedBook> {
    return this.#books
  }

  /** Asks, and gives what is told; each call reads anew. */
  async *[Symbol.asyncIterator](): AsyncGenerator<LogEvent, void> {
    this.#books.clear()
    const { fetch: given, apiKey } = this.#options
    const get: Fetch = given ?? ((address, init) => fetch(address, init))
    const headers = { authorization: `Bearer ${apiKey}`, accept: 'application/x-ndjson' }
    let answer: Response
    try {
      answer = await get(addressOf(this.#options), { headers })
    } catch (error) {
      yield broken('unreachable', String(error))
      return
    }
    if (!answer.ok || answer.body === null) {
      yield refused(await answer.json().catch(() => null), answer.status)
      return
    }
    try {
      for await (const line of linesOf(answer.body)) {
        const last = lastLine(line)
        if (last !== null) {
          yield last
          return
        }
        yield* this.#take(line)
      }
    } catch (error) {
      yield broken('cut', String(error))
      return
    }
    yield broken('cut', 'there is no last line')
  }

  #take(line: string): LogEvent[] {
    const message = readMessage(line)
    if (message === null || !isBookWord(message)) return []
    const { market } = message
    const book = this.#books.get(market) ?? new FollowedBook(market, NOTHING_BROKEN)
    this.#books.set(market, book)
    const event = book.take(message, 'all')
    return event === null ? [] : [event]
  }
}

function isBookWord(message: ServerMessage): message is Parameters<FollowedBook['take']>[0] {
  const { type } = message
  return (
    type === 'snapshot' ||
    type === 'deltas' ||
    type === 'end' ||
    (type === 'gap' && !('channel' in message))
  )
}

function addressOf({ url, of, from, to, limit, cursor }: PastLogOptions): string {
  const path =
    'market' in of
      ? `/v1/markets/${encodeURIComponent(of.market)}/deltas`
      : 'event' in of
        ? `/v1/events/${encodeURIComponent(of.event)}/deltas`
        : '/v1/deltas'
  const address = new URL(path, url)
  const tickers = 'markets' in of ? of.markets.join() : undefined
  const asked = { from, to, cursor, tickers, limit: limit?.toString() }
  address.searchParams.set('layout', 'stream')
  for (const [name, value] of Object.entries(asked)) {
    if (value !== undefined) address.searchParams.set(name, value)
  }
  return address.href
}

/** The line that ends a reading, which is of no market; null for any other. */
function lastLine(line: string): LogEvent | null {
  // Most lines are long, and only the last begins so.
  if (!line.startsWith('{"type":"end"') && !line.startsWith('{"type":"error"')) return null
  const said = parseJson(line) as Readonly<Record<string, unknown>> | null | undefined
  if (said === null || said === undefined) return null
  const cursor = typeof said['cursor'] === 'string' ? said['cursor'] : null
  if (said['type'] === 'error') return { ...broken(said['code'], said['message']), cursor }
  const records = said['records']
  const through_us = said['through_us']
  if (typeof records !== 'number') return null
  const through = typeof through_us === 'number' ? through_us : null
  return { type: 'log_end', records, through_us: through, cursor }
}

function refused(body: unknown, status: number): LogEvent {
  const { error } = (body ?? {}) as { readonly error?: Readonly<Record<string, unknown>> }
  return broken(error?.['code'] ?? 'refused', error?.['message'] ?? `status ${status}`)
}

function broken(code: unknown, message: unknown) {
  return { type: 'incomplete', code: String(code), message: String(message), cursor: null } as const
}
