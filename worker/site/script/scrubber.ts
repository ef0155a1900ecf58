import { type Micros, printInstant } from '#core/instant'
import { PastBooks, type PastView } from '../../../client/past-books.ts'
import { part } from './part.ts'
import { DepthChart } from './picture/depth-chart.ts'
import { Ladder } from './picture/ladder.ts'
import { PriceChart } from './picture/price-chart.ts'
import type { Stretch } from './picture/time-chart.ts'

const DEPTH = 12
/** The long steps of a keyboard, as parts of the whole. */
const PAGES = 20
const TENTH_US = 100_000

/** Shows the book at any instant of what was read: by a slider, by keys, and as it went. */
export class Scrubber {
  readonly #slider = part<HTMLInputElement>('at')
  readonly #prices = new PriceChart(part('prices'), { onPick: (us) => this.#pick(us) })
  readonly #ladder = new Ladder(part('ladder'), DEPTH)
  readonly #depth = new DepthChart(part('depth'))
  readonly #speeds = [...document.querySelectorAll<HTMLButtonElement>('button[data-speed]')]
  /** Where the playground asks for an instant that follows. */
  readonly #playground: string
  #books = new PastBooks(0)
  #range: Stretch = { fromUs: 0, toUs: 0 }
  #us = 0
  /** How often faster than it went; 0 while it stands. */
  #speed = 0
  #drawnMs = 0

  /** @param ticker of the market whose past it is */
  constructor(ticker: string) {
    this.#playground = `/playground#op=getMarketOrderbook&ticker=${encodeURIComponent(ticker)}&at=`
    this.#slider.addEventListener('input', () => {
      this.#pick(this.#range.fromUs + Number(this.#slider.value) * 1000)
    })
    this.#slider.addEventListener('keydown', (event) => this.#press(event))
    part('step-back').addEventListener('click', () => this.#step(-1))
    part('step-on').addEventListener('click', () => this.#step(1))
    for (const button of this.#speeds) {
      button.addEventListener('click', () => this.#play(Number(button.dataset['speed'])))
    }
  }

  /** Shows what was read, at its end, or where it stood when more of the same was read. */
  open(books: PastBooks, range: Stretch): void {
    const same = books === this.#books
    this.#books = books
    this.#range = range
    this.#slider.max = String(Math.ceil((range.toUs - range.fromUs) / 1000))
    this.#prices.show(books.prices, range)
    this.#pick(same ? this.#us : range.toUs)
  }

  /** Goes to an instant, µs, and stands there. */
  #pick(us: number): void {
    this.#play(0)
    this.#go(us)
  }

  #press(event: KeyboardEvent): void {
    const { fromUs, toUs } = this.#range
    const page = Math.max(TENTH_US, (toUs - fromUs) / PAGES)
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => this.#step(-1),
      ArrowDown: () => this.#step(-1),
      ArrowRight: () => this.#step(1),
      ArrowUp: () => this.#step(1),
      PageDown: () => this.#pick(this.#us - page),
      PageUp: () => this.#pick(this.#us + page),
      Home: () => this.#pick(fromUs),
      End: () => this.#pick(toUs),
    }
    const move = moves[event.key]
    if (move === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    move()
  }

  #step(by: 1 | -1): void {
    const us = this.#books.stepFrom(this.#us, by)
    this.#pick(us ?? (by === 1 ? this.#range.toUs : this.#range.fromUs))
  }

  #play(speed: number): void {
    this.#speed = this.#speed === speed ? 0 : speed
    for (const button of this.#speeds) {
      button.setAttribute('aria-pressed', String(Number(button.dataset['speed']) === this.#speed))
    }
    if (this.#speed === 0) return
    if (this.#us >= this.#range.toUs) this.#go(this.#range.fromUs)
    this.#drawnMs = performance.now()
    requestAnimationFrame((ms) => this.#tick(ms))
  }

  #tick(ms: number): void {
    if (this.#speed === 0) return
    this.#go(this.#us + Math.max(0, ms - this.#drawnMs) * 1000 * this.#speed)
    this.#drawnMs = ms
    if (this.#us >= this.#range.toUs) this.#play(0)
    else requestAnimationFrame((next) => this.#tick(next))
  }

  #go(us: number): void {
    const { fromUs, toUs } = this.#range
    this.#us = Math.round(Math.min(Math.max(us, fromUs), toUs))
    this.#slider.value = String((this.#us - fromUs) / 1000)
    this.#prices.mark(this.#us)
    const instant = printInstant(this.#us as Micros)
    const time = part<HTMLTimeElement>('time')
    time.dateTime = instant
    time.textContent = `${instant.slice(0, 10)} ${instant.slice(11, -1)} UTC`
    part<HTMLAnchorElement>('ask-at').href = this.#playground + instant
    const shown = this.#books.at(this.#us)
    const book = shown.kind === 'book' ? shown.view : null
    this.#ladder.show(book)
    this.#depth.show(book)
    const [state, word, why] = standingOf(shown)
    const pill = part('state')
    pill.className = `pill ${state}`
    pill.textContent = word
    part('why').textContent = why
    part('why').className = shown.kind === 'book' ? 'note' : 'note warn'
    this.#slider.setAttribute('aria-valuetext', `${time.textContent}, ${wordsOf(shown)}`)
  }
}

function standingOf(shown: PastView): readonly [state: string, word: string, why: string] {
  switch (shown.kind) {
    case 'before':
      return ['unknown', 'no record', 'The record had not begun.']
    case 'gap': {
      const since = printInstant(shown.fromUs as Micros)
        .slice(0, 23)
        .replace('T', ' ')
      return ['unknown', 'gap', `No book is known since ${since}: ${shown.cause}.`]
    }
    case 'book': {
      const changed = printInstant(shown.changedUs as Micros)
        .slice(0, -1)
        .replace('T', ' ')
      const why = `seq ${shown.seq}, received ${changed}`
      if (shown.ended !== null) return ['', 'closed', `The log is over (${shown.ended}); ${why}.`]
      return ['good', 'known', why]
    }
  }
}

function wordsOf(shown: PastView): string {
  if (shown.kind !== 'book') return shown.kind === 'gap' ? 'gap: no book is known' : 'no record'
  const { bids, asks } = shown.view
  return `bid ${bids[0]?.[0] ?? 'none'}, ask ${asks[0]?.[0] ?? 'none'}`
}
