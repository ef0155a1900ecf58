import type { YesView } from '../../../../client/printed-book.ts'
import { printCount } from '../../print-count.ts'
import { drawn, element } from './element.ts'

const HEIGHT = 300
const FOOT = 22
const HEAD = 10
/** A step: yes price in dollars, and what rests up to it in contracts. */
type Step = readonly [price: number, sum: number]

/**
 * How much rests at each price or better: bids to the left, asks to the right, from $0 to $1 or as far as levels are.
 * Drawn as SVG in the colours of the page; needs style `picture.css`.
 */
export class DepthChart {
  readonly #box: HTMLElement
  #view: YesView | null = null

  /** @param box takes the place of what is in it; it is redrawn when its width changes */
  constructor(box: HTMLElement) {
    this.#box = box
    new ResizeObserver(() => this.#draw()).observe(box)
  }

  /**
   * @param view bids and asks in yes prices as the API prints them, `[price, size]` decimal strings, best first; null when no
   * book is known
   */
  show(view: YesView | null): void {
    this.#view = view
    this.#draw()
  }

  #draw(): void {
    const width = this.#box.clientWidth
    if (width === 0) return
    const view = this.#view
    const empty = view === null || (view.bids.length === 0 && view.asks.length === 0)
    if (empty) {
      const text = view === null ? 'No book is known.' : 'The book is empty.'
      this.#box.replaceChildren(element('p', 'picture-none', text))
      return
    }
    const bids = stepsOf(view.bids)
    const asks = stepsOf(view.asks)
    const prices = [...bids, ...asks].map(([price]) => price)
    const low = Math.max(0, Math.min(...prices) - 0.01)
    const high = Math.min(1, Math.max(...prices) + 0.01)
    const most = Math.max(bids.at(-1)?.[1] ?? 0, asks.at(-1)?.[1] ?? 0)
    const bottom = HEIGHT - FOOT
    const x = (price: number) => ((price - low) / (high - low || 1)) * width
    const y = (sum: number) => bottom - (sum / most) * (bottom - HEAD)
    const picture = drawn('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, class: 'depth', role: 'img' })
    picture.setAttribute('aria-label', wordsOf(bids, asks))
    picture.append(
      drawn('path', { class: 'bids', d: areaOf(bids, x, y, x(low), bottom) }),
      drawn('path', { class: 'asks', d: areaOf(asks, x, y, x(high), bottom) }),
      drawn('line', { x1: 0, x2: width, y1: bottom, y2: bottom }),
      label(low.toFixed(2), 0, HEIGHT - 6, 'start'),
      label(((low + high) / 2).toFixed(2), width / 2, HEIGHT - 6, 'middle'),
      label(high.toFixed(2), width, HEIGHT - 6, 'end'),
      label(`${printCount(most)} contracts`, width, HEAD + 8, 'end'),
    )
    this.#box.replaceChildren(picture)
  }
}

function stepsOf(levels: YesView['bids']): Step[] {
  let sum = 0
  return levels.map(([price, size]) => {
    sum += Number(size)
    return [Number(price), sum]
  })
}

function areaOf(
  steps: readonly Step[],
  x: (price: number) => number,
  y: (sum: number) => number,
  edge: number,
  bottom: number,
): string {
  const [first] = steps
  if (first === undefined) return ''
  let path = `M${x(first[0])} ${bottom}`
  for (const [i, [, sum]] of steps.entries()) {
    const next = steps[i + 1]
    path += `V${y(sum)}H${next === undefined ? edge : x(next[0])}`
  }
  return `${path}V${bottom}Z`
}

function label(text: string, x: number, y: number, anchor: string): SVGElement {
  const made = drawn('text', { x, y, 'text-anchor': anchor })
  made.textContent = text
  return made
}

function wordsOf(bids: readonly Step[], asks: readonly Step[]): string {
  const side = (name: string, steps: readonly Step[]) =>
    steps.length === 0
      ? `no ${name}`
      : `${steps.at(-1)?.[1].toFixed(2)} contracts in ${steps.length} levels of ${name}, best ${steps[0]?.[0].toFixed(4)}`
  return `Depth: ${side('bids', bids)}; ${side('asks', asks)}`
}
