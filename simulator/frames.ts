import { type Price, printPrice } from '#core/price'
import { printSize, type Size, type SizeChange } from '#core/size'
import type { Level, Side } from './book.ts'
import type { BookChange, Trade } from './floor.ts'
import { printDollars } from './grid.ts'
import type { Market } from './market.ts'
import { printTimestamp, toMillis, toSeconds } from './timestamp.ts'

const DOLLAR = 1_000_000

/** What every frame of a subscription says besides its `msg`; `seq` null on channels without one. */
export type Envelope = { type: string; sid: number; seq: number | null; id?: number }

/** Prints a frame around a `msg` that is JSON already. */
export function printFrame({ type, sid, seq, id }: Envelope, msg: string): string {
  const number = seq === null ? '' : `,"seq":${seq}`
  return `{"type":"${type}","sid":${sid}${number}${id === undefined ? '' : `,"id":${id}`},"msg":${msg}}`
}

/** Prints the `msg` of one changed level; with `yesPrice` the no leg shows the yes price. */
export function printDelta(change: BookChange & { kind: 'delta' }, yesPrice: boolean): string {
  const { market, side, stamp } = change
  const price = shown(side, change.price, yesPrice)
  const ts = stamp.ts === undefined ? '' : `,"ts":"${stamp.ts}"`
  const tsMs = stamp.tsMs === undefined ? '' : `,"ts_ms":${stamp.tsMs}`
  return `{"market_ticker":"${market.ticker}","market_id":"${market.id}","price_dollars":"${printPrice(price)}","delta_fp":"${printSize(change.change as SizeChange)}","side":"${side}"${ts}${tsMs}}`
}

/**
 * Prints the `msg` of a whole book, lowest price first; a side without orders is left out, and a
 * ticker that is not listed has an empty id.
 */
export function printSnapshot(
  ticker: string,
  market: Market | undefined,
  yesPrice: boolean,
): string {
  const msg: Record<string, unknown> = { market_ticker: ticker, market_id: market?.id ?? '' }
  if (market !== undefined) {
    const { book } = market
    if (book.depth('yes') > 0) msg['yes_dollars_fp'] = printLadder(book.ascending('yes'))
    const no = book.ascending('no').map(([p, size]): Level => [shown('no', p, yesPrice), size])
    // Ascending in the price that is shown.
    if (no.length > 0) msg['no_dollars_fp'] = printLadder(yesPrice ? no.reverse() : no)
  }
  return JSON.stringify(msg)
}

/** Prints levels as pairs of decimal strings, in the order given. */
export function printLadder(levels: readonly Level[]): [string, string][] {
  return levels.map(([price, size]) => [printPrice(price as Price), printSize(size as Size)])
}

/** Prints the `msg` of a trade. */
export function printTrade({ id, market, yesPrice, count, taker, block, atUs }: Trade): string {
  return JSON.stringify({
    trade_id: id,
    market_ticker: market.ticker,
    yes_price_dollars: printPrice(yesPrice as Price),
    no_price_dollars: printPrice((DOLLAR - yesPrice) as Price),
    count_fp: printSize(count as Size),
    taker_side: taker,
    taker_outcome_side: taker,
    taker_book_side: taker === 'yes' ? 'bid' : 'ask',
    is_block_trade: block,
    ts: toSeconds(atUs),
    ts_ms: toMillis(atUs),
  })
}

/** Prints the `msg` of a market's best prices and trading. */
export function printTicker(market: Market, atUs: number): string {
  const { book, lastPrice } = market
  const bid = book.best('yes')
  const no = book.best('no')
  return JSON.stringify({
    market_id: market.id,
    market_ticker: market.ticker,
    price_dollars: printDollars(lastPrice),
    yes_bid_dollars: printDollars(bid),
    yes_ask_dollars: printDollars(DOLLAR - no),
    volume_fp: printSize(market.volume as Size),
    open_interest_fp: printSize(market.openInterest as Size),
    dollar_volume: Math.floor(market.dollarVolume / DOLLAR),
    dollar_open_interest: Math.floor(market.openInterest / 200),
    yes_bid_size_fp: printSize(book.size('yes', bid) as Size),
    yes_ask_size_fp: printSize(book.size('no', no) as Size),
    last_trade_size_fp: printSize(market.lastSize as Size),
    ts: toSeconds(atUs),
    ts_ms: toMillis(atUs),
    time: printTimestamp(atUs),
  })
}

function shown(side: Side, price: number, yesPrice: boolean): Price {
  return (side === 'no' && yesPrice ? DOLLAR - price : price) as Price
}
