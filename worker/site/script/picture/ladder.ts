import type { YesView } from '../../../../client/printed-book.ts'
import { element } from './element.ts'

type Row = {
  readonly row: HTMLElement
  readonly price: HTMLElement
  readonly size: HTMLElement
  readonly bar: HTMLElement
}

/**
 * The two sides of a book as a table: worst ask at the top, worst bid at the bottom, sizes as bars. Its look is `.ladder`
 * of site.css; nothing else is needed.
 */
export class Ladder {
  readonly #asks: Row[]
  readonly #bids: Row[]
  readonly #spread: HTMLElement
  readonly #sides: readonly HTMLElement[]

  /**
   * @param box takes the place of what is in it
   * @param depth levels of a side that are shown at most
   */
  constructor(box: HTMLElement, depth = 12) {
    const [asks, bids] = [element('tbody'), element('tbody')]
    this.#asks = rowsIn(asks, 'ask', depth).reverse()
    this.#bids = rowsIn(bids, 'bid', depth)
    this.#spread = element('td', '', '—')
    this.#spread.setAttribute('colspan', '3')
    this.#sides = [asks, bids]
    const names = ['Bids', 'Price', 'Asks'].map((name) => {
      const head = element('th', '', name)
      head.scope = 'col'
      return head
    })
    const middle = element('tbody', '', element('tr', 'spread', this.#spread))
    const head = element('thead', '', element('tr', '', ...names))
    const table = element('table', 'ladder', head, asks, middle, bids)
    box.replaceChildren(table)
  }

  /**
   * @param view bids and asks in yes prices as the API prints them, `[price, size]` decimal strings, best first (`bids` and
   * `asks` of a book answer are that); null when no book is known
   * @param stale whether it may be wrong: it is shown dim
   */
  show(view: YesView | null, stale = false): void {
    const { bids, asks } = view ?? { bids: [], asks: [] }
    const shown = [...bids.slice(0, this.#bids.length), ...asks.slice(0, this.#asks.length)]
    const most = Math.max(1, ...shown.map(([, size]) => Number(size)))
    fill(this.#bids, bids, most)
    fill(this.#asks, asks, most)
    for (const side of this.#sides) side.className = stale ? 'dim' : ''
    this.#spread.textContent = spreadOf(view)
  }
}

function spreadOf(view: YesView | null): string {
  if (view === null) return 'no book'
  const [bid] = view.bids[0] ?? []
  const [ask] = view.asks[0] ?? []
  if (bid === undefined && ask === undefined) return 'the book is empty'
  if (bid === undefined || ask === undefined) return 'one side is empty'
  // Four decimals, six where a price has six.
  return `spread ${(Number(ask) - Number(bid)).toFixed(6).replace(/00$/, '')}`
}

function rowsIn(body: HTMLElement, side: 'bid' | 'ask', count: number): Row[] {
  return Array.from({ length: count }, () => {
    const [bar, size] = [element('i'), element('b')]
    const box = element('span', 'size', bar, size)
    const price = element('td', 'price')
    const cells =
      side === 'bid'
        ? [element('td', '', box), price, element('td')]
        : [element('td'), price, element('td', '', box)]
    const row = element('tr', side, ...cells)
    row.hidden = true
    body.append(row)
    return { row, price, size, bar }
  })
}

function fill(rows: readonly Row[], levels: YesView['bids'], most: number): void {
  for (const [i, { row, price, size, bar }] of rows.entries()) {
    const [priceText = '', sizeText = ''] = levels[i] ?? []
    row.hidden = sizeText === ''
    price.textContent = priceText
    size.textContent = sizeText
    bar.style.width = `${(Number(sizeText) / most) * 100}%`
  }
}
