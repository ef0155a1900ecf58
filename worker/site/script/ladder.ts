import type { YesView } from '../../../client/printed-book.ts'

type Row = {
  readonly row: HTMLElement
  readonly price: HTMLElement
  readonly size: HTMLElement
  readonly bar: HTMLElement
}

/** The two sides of a book as rows, worst ask at the top and worst bid at the bottom, sizes as bars. */
export class Ladder {
  readonly #asks: Row[]
  readonly #bids: Row[]
  readonly #spread: HTMLElement
  readonly #sides: readonly HTMLElement[]

  constructor(asks: HTMLElement, bids: HTMLElement, spread: HTMLElement, depth: number) {
    this.#asks = rowsIn(asks, 'ask', depth).reverse()
    this.#bids = rowsIn(bids, 'bid', depth)
    this.#spread = spread
    this.#sides = [asks, bids]
  }

  /** @param view null when no book is known */
  show(view: YesView | null, stale: boolean): void {
    const { bids, asks } = view ?? { bids: [], asks: [] }
    const sizes = [...bids, ...asks].map(([, size]) => Number(size))
    const most = Math.max(1, ...sizes)
    fill(this.#bids, bids, most)
    fill(this.#asks, asks, most)
    for (const side of this.#sides) side.className = stale ? 'dim' : ''
    const [bid] = bids[0] ?? []
    const [ask] = asks[0] ?? []
    this.#spread.textContent =
      view === null
        ? '—'
        : bid === undefined || ask === undefined
          ? bid === undefined && ask === undefined
            ? 'the book is empty'
            : 'one side is empty'
          : `spread ${(Number(ask) - Number(bid)).toFixed(4)}`
  }
}

function rowsIn(body: HTMLElement, side: 'bid' | 'ask', count: number): Row[] {
  return Array.from({ length: count }, () => {
    const row = document.createElement('tr')
    row.className = side
    row.hidden = true
    const [left, middle, right] = [cell(), cell(), cell()]
    middle.className = 'price'
    const box = document.createElement('span')
    box.className = 'size'
    const bar = document.createElement('i')
    const size = document.createElement('b')
    box.append(bar, size)
    ;(side === 'bid' ? left : right).append(box)
    row.append(left, middle, right)
    body.append(row)
    return { row, price: middle, size, bar }
  })
}

function cell(): HTMLElement {
  return document.createElement('td')
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
