import { complement, parsePrice, printPrice } from '../price.ts'
import type { ReplayMessage } from '../replay.ts'
import { csvCell } from './csv.ts'
import type { WireLadder } from './record.ts'

/** The header of Tardis's `incremental_book_L2` files: https://docs.tardis.dev/downloadable-csv-files/data-types */
export const TARDIS_HEAD =
  'exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n'

const EXCHANGE = 'kalshi'
const GONE = '0.00'

type Symbol = {
  readonly start: string
  /** Side and price of each level that stands. */
  readonly levels: Set<string>
  /** The row before was of a snapshot: rows of another would be taken for more of the same. */
  inSnapshot: boolean
}

/**
 * Prints a replay as Tardis files say it: sides in yes prices, absolute amounts, 0 for a level that is gone, a whole book as
 * rows of `is_snapshot`. Those files have no word for a gap: here each level is taken away where it begins, so that no book
 * is left until the next snapshot.
 */
export class TardisText {
  readonly #symbols = new Map<string, Symbol>()
  #local = 0

  lines(messages: readonly ReplayMessage[]): string {
    let text = ''
    for (const message of messages) text += this.#print(message)
    return text
  }

  #print(message: ReplayMessage): string {
    const symbol = this.#symbolOf(message.market)
    switch (message.type) {
      case 'snapshot':
        return this.#printBook(symbol, message)
      case 'gap':
        return this.#takeAway(symbol, message.from_us)
      case 'deltas': {
        let text = ''
        for (const [side, price, , size, event, recv] of message.d) {
          text += this.#row(symbol, event ?? recv, recv, false, cellsOf(side, price), size)
        }
        return text
      }
      case 'end':
        return ''
    }
  }

  #printBook(symbol: Symbol, book: { yes: WireLadder; no: WireLadder; recv_us: number }): string {
    const { recv_us: us } = book
    const resets = !symbol.inSnapshot && book.yes.length + book.no.length > 0
    let text = resets ? '' : this.#takeAway(symbol, us)
    symbol.levels.clear()
    for (const side of ['yes', 'no'] as const) {
      for (const [price, size] of book[side]) {
        text += this.#row(symbol, us, us, true, cellsOf(side, price), size)
      }
    }
    return text
  }

  #takeAway(symbol: Symbol, us: number): string {
    let text = ''
    for (const level of [...symbol.levels]) text += this.#row(symbol, us, us, false, level, GONE)
    return text
  }

  #row(
    symbol: Symbol,
    us: number,
    localUs: number,
    snapshot: boolean,
    level: string,
    amount: string,
  ): string {
    if (amount === GONE) symbol.levels.delete(level)
    else symbol.levels.add(level)
    symbol.inSnapshot = snapshot
    this.#local = Math.max(this.#local, localUs)
    return `${symbol.start}${us},${this.#local},${snapshot},${level},${amount}\n`
  }

  #symbolOf(market: string): Symbol {
    const known = this.#symbols.get(market)
    if (known !== undefined) return known
    const start = `${EXCHANGE},${csvCell(market)},`
    const symbol = { start, levels: new Set<string>(), inSnapshot: false }
    this.#symbols.set(market, symbol)
    return symbol
  }
}

/** Side and price in yes prices: a no bid is a yes ask at the complement of its price. */
function cellsOf(side: 'yes' | 'no', price: string): string {
  if (side === 'yes') return `bid,${price}`
  const own = parsePrice(price)
  return `ask,${own === null ? price : printPrice(complement(own))}`
}
