import type { z } from 'zod'
import { type Micros, parseInstant, TOO_LATE } from '../instant.ts'
import type { Ladders, Level, Side } from '../log.ts'
import { type Price, parsePrice } from '../price.ts'
import { parseSize, parseSizeChange, type Size, type SizeChange } from '../size.ts'
import { parseTicker, type Ticker } from '../ticker.ts'
import {
  deltaFrame,
  envelope,
  errorFrame,
  eventFeeFrame,
  eventLifecycleFrame,
  marketLifecycleFrame,
  okFrame,
  snapshotFrame,
  subscribedFrame,
  tickerFrame,
  tradeFrame,
  unsubscribedFrame,
} from './frames.ts'

type Scoped = { readonly sid: number | null; readonly seq: number | null }
/** The command of ours that a frame answers, null when it says none. */
type Answer = { readonly id: number | null }
type InMarket = { readonly sid: number; readonly market: Ticker }

/** Best bid or ask of the ticker channel: null when that side is empty. */
export type Quote = readonly [Price, Size] | null

/** One frame of the exchange, in our units. */
export type Frame =
  | ({ readonly kind: 'subscribed'; readonly channel: string; readonly sid: number } & Answer)
  | ({ readonly kind: 'unsubscribed'; readonly sid: number; readonly seq: number } & Answer)
  | ({ readonly kind: 'ok' } & Scoped & Answer)
  | ({ readonly kind: 'error'; readonly code: number; readonly message: string } & Scoped & Answer)
  /** With an id it answers a get_snapshot; what a subscription and the exchange itself send has none. */
  | ({ readonly kind: 'snapshot'; readonly seq: number; readonly ladders: Ladders } & InMarket &
      Answer)
  | DeltaFrame
  | ({
      readonly kind: 'trade'
      readonly seq: number
      readonly tradeId: string
      /** The yes price. */
      readonly price: Price
      readonly size: Size
      readonly taker: Side
      readonly block: boolean
      readonly event: Micros
    } & InMarket)
  | ({
      readonly kind: 'ticker'
      readonly bid: Quote
      readonly ask: Quote
      readonly volume: Size
      readonly openInterest: Size
      readonly event: Micros
    } & InMarket)
  | ({
      readonly kind: 'market_lifecycle'
      readonly seq: number | null
      readonly change: z.infer<typeof marketLifecycleFrame>['msg']
    } & InMarket)
  | ({
      readonly kind: 'event_lifecycle'
      readonly change: z.infer<typeof eventLifecycleFrame>['msg']
    } & Scoped)
  | ({
      readonly kind: 'event_fee'
      readonly change: z.infer<typeof eventFeeFrame>['msg']
    } & Scoped)
  /** A type that we do not know: counted, never fatal. */
  | ({ readonly kind: 'unknown'; readonly type: string } & Scoped)
  | Malformed

export type DeltaFrame = {
  readonly kind: 'delta'
  readonly seq: number
  readonly side: Side
  readonly price: Price
  readonly change: SizeChange
  readonly event: Micros | null
} & InMarket

/** A frame that cannot be read, with as much of its envelope as can be. */
export type Malformed = {
  readonly kind: 'malformed'
  readonly reason: string
  readonly market: Ticker | null
} & Scoped

/** Reads one websocket text frame. Never throws: what cannot be read comes back as `malformed`. */
export function decodeFrame(text: string): Frame {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return { kind: 'malformed', reason: 'no JSON', market: null, sid: null, seq: null }
  }
  const type = typeOf(raw)
  if (type === null) return malformed(raw, 'no type')
  try {
    return decode(type, raw) ?? { kind: 'unknown', type, ...scope(raw) }
  } catch (error) {
    if (error instanceof Unreadable) return malformed(raw, error.message)
    throw error
  }
}

/** Lists and objects within each other in what is kept as it came: whoever prints it must come to an end. */
const DEEPEST = 32

class Unreadable extends Error {}

/** Only which shape to check: the shape checks all that is read. */
function typeOf(raw: unknown): string | null {
  if (typeof raw !== 'object' || raw === null || !('type' in raw)) return null
  return typeof raw.type === 'string' ? raw.type : null
}

function decode(type: string, raw: unknown): Frame | null {
  switch (type) {
    case 'orderbook_delta':
      return decodeDelta(read(deltaFrame, raw))
    case 'orderbook_snapshot':
      return decodeSnapshot(read(snapshotFrame, raw))
    case 'trade':
      return decodeTrade(read(tradeFrame, raw))
    case 'ticker':
      return decodeTicker(read(tickerFrame, raw))
    case 'ok': {
      const { id, sid = null, seq = null } = read(okFrame, raw)
      return { kind: 'ok', id: idOf(id), sid, seq }
    }
    case 'subscribed': {
      const { id, msg } = read(subscribedFrame, raw)
      return { kind: 'subscribed', id: idOf(id), channel: msg.channel, sid: msg.sid }
    }
    case 'unsubscribed': {
      const { id, sid, seq } = read(unsubscribedFrame, raw)
      return { kind: 'unsubscribed', id: idOf(id), sid, seq }
    }
    case 'error': {
      const { id, sid = null, seq = null, msg } = read(errorFrame, raw)
      return { kind: 'error', id: idOf(id), sid, seq, code: msg.code, message: msg.msg }
    }
    case 'market_lifecycle_v2': {
      const { sid, seq = null, msg } = read(marketLifecycleFrame, raw)
      return { kind: 'market_lifecycle', sid, seq, market: market(msg), change: shallow(msg) }
    }
    case 'event_lifecycle': {
      const { sid, seq = null, msg } = read(eventLifecycleFrame, raw)
      return { kind: 'event_lifecycle', sid, seq, change: shallow(msg) }
    }
    case 'event_fee_update': {
      const { sid, seq = null, msg } = read(eventFeeFrame, raw)
      return { kind: 'event_fee', sid, seq, change: shallow(msg) }
    }
    default:
      return null
  }
}

function decodeDelta({ sid, seq, msg }: z.infer<typeof deltaFrame>): Frame {
  const coarse = msg.ts_ms === undefined ? null : micros(msg.ts_ms)
  const event = msg.ts === undefined ? coarse : (eventOf(msg.ts) ?? refuse('ts', msg.ts))
  const change = parseSizeChange(msg.delta_fp) ?? refuse('delta_fp', msg.delta_fp)
  const price = readPrice('price_dollars', msg.price_dollars)
  return { kind: 'delta', sid, seq, market: market(msg), side: msg.side, price, change, event }
}

function decodeSnapshot({ id, sid, seq, msg }: z.infer<typeof snapshotFrame>): Frame {
  const ladders = { yes: levels(msg.yes_dollars_fp), no: levels(msg.no_dollars_fp) }
  return { kind: 'snapshot', sid, seq, id: idOf(id), market: market(msg), ladders }
}

function decodeTrade({ sid, seq, msg }: z.infer<typeof tradeFrame>): Frame {
  const price = readPrice('yes_price_dollars', msg.yes_price_dollars)
  const no = readPrice('no_price_dollars', msg.no_price_dollars)
  if (price + no !== 1_000_000) refuse('no_price_dollars', msg.no_price_dollars)
  return {
    kind: 'trade',
    sid,
    seq,
    market: market(msg),
    tradeId: msg.trade_id,
    price,
    size: readSize('count_fp', msg.count_fp),
    taker: msg.taker_outcome_side,
    block: msg.is_block_trade,
    event: micros(msg.ts_ms),
  }
}

function decodeTicker({ sid, msg }: z.infer<typeof tickerFrame>): Frame {
  return {
    kind: 'ticker',
    sid,
    market: market(msg),
    // An empty side is a bid of $0 or an ask of $1, of size zero.
    bid: quote(msg.yes_bid_dollars, msg.yes_bid_size_fp, /^0(\.0+)?$/),
    ask: quote(msg.yes_ask_dollars, msg.yes_ask_size_fp, /^1(\.0+)?$/),
    volume: readSize('volume_fp', msg.volume_fp),
    openInterest: readSize('open_interest_fp', msg.open_interest_fp),
    event: micros(msg.ts_ms),
  }
}

function quote(priceText: string, sizeText: string, none: RegExp): Quote {
  const size = readSize('size', sizeText)
  if (none.test(priceText) && size === 0) return null
  return [readPrice('price', priceText), size]
}

/** The exchange lists levels lowest price first; ours are best first. */
function levels(pairs: readonly (readonly [string, string])[] = []): Level[] {
  const read = pairs.map(([price, size]): Level => {
    const amount = readSize('size', size)
    return [readPrice('price', price), amount === 0 ? refuse('size', size) : amount]
  })
  return read.sort((a, b) => b[0] - a[0])
}

function read<Shape extends z.ZodType>(shape: Shape, raw: unknown): z.output<Shape> {
  const result = shape.safeParse(raw)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new Unreadable(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'another shape'}`)
}

function shallow<Msg>(msg: Msg): Msg {
  if (isDeeper(msg, DEEPEST)) throw new Unreadable('msg: nested too deeply')
  return msg
}

function isDeeper(value: unknown, than: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return than === 0 || Object.values(value).some((each) => isDeeper(each, than - 1))
}

function refuse(field: string, text: string): never {
  throw new Unreadable(`${field} reads ${text.slice(0, 40)}`)
}

function readPrice(field: string, text: string): Price {
  return parsePrice(text) ?? refuse(field, text)
}

function readSize(field: string, text: string): Size {
  return parseSize(text) ?? refuse(field, text)
}

/** 0 is none: https://docs.kalshi.com/asyncapi.yaml */
function idOf(id: number | undefined): number | null {
  return id === undefined || id === 0 ? null : id
}

function market(msg: { market_ticker: string }): Ticker {
  return parseTicker(msg.market_ticker) ?? refuse('market_ticker', msg.market_ticker)
}

function micros(ms: number): Micros {
  const us = ms * 1000
  return us < TOO_LATE ? (us as Micros) : refuse('ts_ms', String(ms))
}

/** An exchange time; one before 1970 is none, nor one that is too late. */
function eventOf(text: string): Micros | null {
  const us = parseInstant(text)
  return us === null || us < 0 || us >= TOO_LATE ? null : us
}

function scope(raw: unknown): Scoped {
  const head = envelope.safeParse(raw)
  return { sid: head.data?.sid ?? null, seq: head.data?.seq ?? null }
}

function malformed(raw: unknown, reason: string): Malformed {
  const ticker = envelope.safeParse(raw).data?.msg?.market_ticker
  const known = ticker === undefined ? null : parseTicker(ticker)
  return { kind: 'malformed', reason, market: known, ...scope(raw) }
}
