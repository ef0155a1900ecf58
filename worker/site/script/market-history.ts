import { type Micros, printInstant } from '#core/instant'
import { printCount } from '../print-count.ts'
import { callApi } from './call-api.ts'
import { part } from './part.ts'
import type { Stretch } from './picture/time-chart.ts'
import { ACCOUNT_RECORDS, type ReadStretch, readStretch, VISITOR_RECORDS } from './read-stretch.ts'
import { Scrubber } from './scrubber.ts'

const DAY_US = 86_400_000_000
/** What a visitor asks for lies so much (µs) inside the last 24 hours, so that it can be read on for a while. */
const MARGIN_US = 300_000_000

/** What the page says of a market: its ticker, and from when to when (µs) there is something to read. */
export type HistoryOf = {
  readonly ticker: string
  readonly fromUs: number
  /** When its log ended; null while it is open. */
  readonly endUs: number | null
  /** Whether a visitor looks, who reads the last 24 hours alone. */
  readonly visitor: boolean
}

/** The part of a market's page that reads a stretch of its past and has it looked at. */
export class MarketHistory {
  readonly #of: HistoryOf
  readonly #scrubber: Scrubber
  readonly #window = part<HTMLSelectElement>('window')
  readonly #day = part<HTMLInputElement>('day')
  #read: ReadStretch | null = null
  /** Which asking for a cost is the last: what earlier ones are told is not shown. */
  #asking = 0
  #busy = false

  constructor(of: HistoryOf) {
    this.#of = of
    this.#scrubber = new Scrubber(of.ticker)
    this.#window.addEventListener('change', () => this.#choose())
    this.#day.addEventListener('change', () => this.#choose())
    part('window-form').addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#readWindow(null)
    })
    part('read-on').addEventListener('click', () => void this.#readWindow(this.#read))
    this.#choose()
  }

  /** Reads the stretch that is chosen. */
  begin(): void {
    void this.#readWindow(null)
  }

  #choose(): void {
    part('day-field').hidden = this.#window.value !== 'day'
    void this.#tellCost()
  }

  /** The stretch that is chosen now, as far as there may be a record of it. */
  #chosen(): Stretch | null {
    const nowUs = Date.now() * 1000
    const { visitor, endUs } = this.#of
    const firstUs = Math.max(this.#of.fromUs, visitor ? nowUs - DAY_US + MARGIN_US : 0)
    if (this.#window.value !== 'day') {
      const toUs = Math.min(endUs ?? nowUs, nowUs) + 1
      return { fromUs: Math.max(firstUs, toUs - Number(this.#window.value) * 1_000_000), toUs }
    }
    const fromUs = Date.parse(`${this.#day.value}T00:00:00Z`) * 1000
    if (Number.isNaN(fromUs)) return null
    return { fromUs: Math.max(fromUs, firstUs), toUs: fromUs + DAY_US }
  }

  async #tellCost(): Promise<void> {
    const asked = this.#chosen()
    const cost = part('cost')
    this.#asking += 1
    const asking = this.#asking
    if (asked === null) return
    if (this.#of.visitor) {
      cost.textContent = `Visitors read ${printCount(VISITOR_RECORDS)} records at a time, of the last 24 hours.`
      return
    }
    const answer = await callApi(`${addressOf(this.#of.ticker, asked)}&dry_run=1`)
    if (asking !== this.#asking) return
    if (answer.error !== null) {
      cost.textContent = answer.error.message
      return
    }
    const { data } = JSON.parse(answer.text) as { readonly data: { readonly credits: number } }
    const records = printCount(ACCOUNT_RECORDS)
    cost.textContent = `Reads up to ${records} records: at most ${data.credits} credits, 1 for each 1,000.`
  }

  async #readWindow(before: ReadStretch | null): Promise<void> {
    const asked = before?.asked ?? this.#chosen()
    if (this.#busy || asked === null) return
    if (asked.fromUs >= asked.toUs) {
      this.#tell('warn', 'Nothing of this day can be read here.')
      return
    }
    this.#setBusy(true)
    this.#tell(null, 'Reading …')
    const answer = await readStretch(this.#of.ticker, asked, before)
    this.#setBusy(false)
    if (!answer.ok) {
      this.#tell('bad', `This could not be read: ${answer.message}.`)
      return
    }
    const { books, records, throughUs, cursor } = answer.read
    this.#read = answer.read
    part('read-on').hidden = cursor === null
    if (books.length === 0 || throughUs <= asked.fromUs) {
      part('scrubber').hidden = true
      this.#tell('warn', 'Nothing is recorded in this window.')
      return
    }
    part('scrubber').hidden = false
    const until = printInstant(throughUs as Micros).slice(11, 19)
    const count = printCount(records)
    this.#tell(
      null,
      cursor === null
        ? `${count} records.`
        : `${count} records reach to ${until}; there are more in this window.`,
    )
    this.#scrubber.open(books, { fromUs: asked.fromUs, toUs: throughUs })
  }

  /** One reading at a time; the buttons keep the focus meanwhile. */
  #setBusy(busy: boolean): void {
    this.#busy = busy
    for (const id of ['read', 'read-on']) part(id).setAttribute('aria-disabled', String(busy))
  }

  #tell(kind: 'warn' | 'bad' | null, text: string): void {
    const note = part('read-note')
    note.className = kind ?? 'quiet'
    note.textContent = text
  }
}

function addressOf(ticker: string, { fromUs, toUs }: Stretch): string {
  const from = printInstant(fromUs as Micros)
  const to = printInstant(toUs as Micros)
  return `/v1/markets/${encodeURIComponent(ticker)}/deltas?from=${from}&to=${to}&limit=${ACCOUNT_RECORDS}`
}
