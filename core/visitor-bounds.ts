import type { ApiError } from './api-error.ts'
import { type Micros, parseInstant, printInstant } from './instant.ts'

/** How far back a visitor reads, µs. */
export const VISITOR_HISTORY_US = 86_400_000_000
/** Rows of a visitor's answer. */
export const VISITOR_ROWS = 1000
/** A visitor's socket is open for so long, ms, and its books are told at most so often, ms. */
export const VISITOR_SOCKET_MS = 300_000
export const VISITOR_CONFLATE_MS = 250
/** A request takes a moment, µs. */
const LENIENT_US = 60_000_000

/** What a visitor asks for, as it came. */
export type VisitorAsk = {
  readonly path: string
  readonly query: Readonly<Record<string, string | undefined>>
  /** Whether rows are asked for without an end of a page. */
  readonly streamed: boolean
}

const OF_MARKET =
  /^\/v1\/markets\/([^/]+)(?:\/(?:orderbook|bbo|deltas|gaps|trades|candles|lifecycle|settlements|coverage))?$/
const OF_SEVERAL = ['/v1/orderbooks', '/v1/deltas']
/** What is opened there is bounded by the object that opens it. */
const FREE = ['/v1/stream', '/v1/stream/tickets', '/v1/whoami', '/v1/limits']
/** They name a record, not an instant: how old it is is known too late. */
const BY_RECORD = ['at_seq', 'after_seq', 'from_seq']

/** Why a visitor may not ask so; null when he may. @param showcase the tickers that visitors may see */
export function visitorObjection(
  ask: VisitorAsk,
  showcase: readonly string[],
  now: Micros,
): ApiError | null {
  if (FREE.includes(ask.path)) return null
  return marketObjection(ask, showcase) ?? timeObjection(ask, now) ?? rowsObjection(ask)
}

/** Whether a visitor may call an address at all, be it within bounds. @param path as it is described: `/v1/markets/{ticker}` */
export function visitorMayCall(path: string): boolean {
  return FREE.includes(path) || OF_SEVERAL.includes(path) || OF_MARKET.test(path)
}

function marketObjection({ path, query }: VisitorAsk, showcase: readonly string[]) {
  const ticker = OF_MARKET.exec(path)?.[1]
  const several = OF_SEVERAL.includes(path) ? query['tickers']?.split(',') : undefined
  const asked = ticker === undefined ? several : [ticker]
  if (asked?.every((each) => showcase.includes(each))) return null
  return forbidden(undefined, `a visitor key reads these markets alone: ${showcase.join(', ')}`)
}

function timeObjection({ query }: VisitorAsk, now: Micros): ApiError | null {
  const seq = BY_RECORD.find((name) => query[name] !== undefined)
  if (seq !== undefined) return forbidden(seq, 'needs an API key: a visitor key names instants')
  const earliest = (now - VISITOR_HISTORY_US) as Micros
  for (const name of ['at', 'from']) {
    const text = query[name]
    const at = text === undefined ? null : parseInstant(text)
    if (at !== null && at < earliest - LENIENT_US) {
      return forbidden(
        name,
        `a visitor key reads the last 24 hours, from ${printInstant(earliest)} on`,
      )
    }
  }
  return null
}

function rowsObjection({ query, streamed }: VisitorAsk): ApiError | null {
  const limit = query['limit']
  if (limit === undefined && streamed) {
    return forbidden('limit', `must be given with a visitor key, up to ${VISITOR_ROWS}`)
  }
  // What is no number is refused by its route.
  if (limit === undefined || !(Number(limit) > VISITOR_ROWS)) return null
  return forbidden('limit', `may be up to ${VISITOR_ROWS} with a visitor key`)
}

function forbidden(param: string | undefined, message: string): ApiError {
  return { code: 'forbidden', message, ...(param === undefined ? {} : { param }) }
}
