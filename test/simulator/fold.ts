import type { PrintedLadder } from '../../simulator/printed-books.ts'
import type { Frame } from './connection.ts'

type Side = Map<string, number>

/** Folds book frames into books as plainly as can be: text of the price to hundredths. */
export function fold(
  frames: Iterable<Frame>,
): Map<string, { yes: PrintedLadder; no: PrintedLadder }> {
  const books = new Map<string, { yes: Side; no: Side }>()
  for (const { type, msg } of frames) {
    const ticker = msg.market_ticker ?? ''
    if (type === 'orderbook_snapshot') {
      books.set(ticker, { yes: sideOf(msg.yes_dollars_fp), no: sideOf(msg.no_dollars_fp) })
    }
    const { side, price_dollars: price } = msg
    if (type !== 'orderbook_delta' || side === undefined || price === undefined) continue
    const ladder = books.get(ticker)?.[side]
    if (ladder === undefined) throw new Error(`a delta of ${ticker} before its snapshot`)
    const size = (ladder.get(price) ?? 0) + hundredths(msg.delta_fp)
    if (size < 0) throw new Error(`a level of ${ticker} below zero`)
    if (size === 0) ladder.delete(price)
    else ladder.set(price, size)
  }
  return new Map([...books].map(([t, { yes, no }]) => [t, { yes: printed(yes), no: printed(no) }]))
}

function sideOf(levels: [string, string][] = []): Side {
  return new Map(levels.map(([price, size]) => [price, hundredths(size)]))
}

function hundredths(text = ''): number {
  return Math.round(Number(text) * 100)
}

function printed(side: Side): PrintedLadder {
  return [...side]
    .sort((a, b) => Number(b[0]) - Number(a[0]))
    .map(([price, size]) => [price, (size / 100).toFixed(2)])
}
