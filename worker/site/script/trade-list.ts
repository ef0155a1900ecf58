import type { WireTrade } from '#core/wire/trade'
import { element } from './picture/element.ts'

/** The last trades, newest first, each once. */
export class TradeList {
  readonly #body: HTMLElement
  readonly #most: number
  #trades: WireTrade[] = []

  /** @param most how many are shown */
  constructor(body: HTMLElement, most: number) {
    this.#body = body
    this.#most = most
  }

  /** A trade was made, or is told of now. */
  add(trade: WireTrade): void {
    this.addPast([trade])
  }

  /** Trades of any order, of which some may be there already. */
  addPast(trades: readonly WireTrade[]): void {
    const known = new Set(this.#trades.map(({ trade_id }) => trade_id))
    const fresh = trades.filter(({ trade_id }) => !known.has(trade_id))
    if (fresh.length === 0) return
    const all = [...fresh, ...this.#trades].sort((a, b) => b.event_us - a.event_us)
    this.#trades = all.slice(0, this.#most)
    this.#body.replaceChildren(...this.#trades.map(rowOf))
  }
}

function rowOf({ price, size, taker, event_us }: WireTrade): HTMLElement {
  const [day = '', time = ''] = new Date(event_us / 1000).toISOString().split(/[T.]/)
  const today = new Date().toISOString().startsWith(day)
  // Of another day, its month and day are said.
  const when = today ? time : `${day.slice(5)} ${time}`
  return element(
    'tr',
    '',
    element('td', 'when', when),
    element('td', taker, price),
    element('td', '', size),
  )
}
