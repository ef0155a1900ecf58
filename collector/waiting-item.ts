import { fullChecksum } from '#core/checksum'
import { becomesImage } from '#core/flush'
import type { MarketLog } from '#core/market-log'
import type { Ticker } from '#core/ticker'
import { itemText, startAfter } from './item-text.ts'
import type { PrintedRecord } from './recent-records.ts'

/** An item is to be one message's worth at most, in characters. */
export const MESSAGE_CHARACTERS = 512 * 1024
/** What an image counts for before it is printed, in characters. */
const IMAGE_CHARACTERS = 1000
/** Trades of one item at most. */
const ITEM_TRADES = 500

/** How a market's book is told next, each including what those before it prove to a reader. */
const ANSWERS = ['records', 'records and sum', 'records and image', 'image'] as const
type Answer = (typeof ANSWERS)[number]

/** Hears by how much what waits grew: records and trades, and characters. */
export type Grown = (entries: number, characters: number) => void

export type ItemText = {
  readonly text: string
  /** Whether it says where the market stands. */
  readonly stands: boolean
  /** Whether it bears its book's checksum. */
  readonly isSummed: boolean
}

/** What a market's text is to say besides what waits. */
export type Saying = {
  /** Where the market stands, if it is to be said together with its book; null when it is not known. */
  readonly standing: () => string | null
  /** Records alone come with the book's checksum too. */
  readonly isSummed: boolean
  /** As `Date.now()`. */
  readonly nowMs: number
}

/** What waits to be told of one watched market. */
export class WaitingItem {
  /** When it began to wait, as `Date.now()`. */
  readonly sinceMs = Date.now()
  readonly #grown: Grown
  #answer: Answer = 'records'
  #records: PrintedRecord[] = []
  readonly #trades: string[] = []
  /** Of its records and image, about. */
  #characters = 0
  /** Where the market stands, printed, if that is news. */
  status: string | null = null

  constructor(grown: Grown) {
    this.#grown = grown
  }

  /** The trades that its text leaves out. */
  get moreTrades(): readonly string[] {
    return this.#trades.slice(ITEM_TRADES)
  }

  /** Takes the log's next record. @param held nothing goes out until the shard acknowledges */
  add(record: PrintedRecord, held: boolean): void {
    if (this.#answer === 'image') return
    this.#records.push(record)
    this.#count(1, record.text.length)
    if (this.#tooLong || (held && becomesImage(this.#records.length, 0))) this.#condense()
  }

  trades(texts: readonly string[]): void {
    this.#trades.push(...texts)
    this.#grown(texts.length, 0)
  }

  /** Records that a reader missed, up to the newest: what waits ends with it too, so the longer holds the other. */
  again(missing: readonly PrintedRecord[]): void {
    const before = this.#records
    if (this.#answer === 'image' || missing.length <= before.length) return
    this.#records = [...missing]
    this.#count(missing.length - before.length, sizeOf(missing) - sizeOf(before))
    if (this.#tooLong) this.#condense()
  }

  /** The book is told in this way, unless it is in one that proves more. */
  raise(answer: Answer): void {
    if (ANSWERS.indexOf(answer) <= ANSWERS.indexOf(this.#answer)) return
    this.#answer = answer
    this.#count(0, IMAGE_CHARACTERS)
  }

  /**
   * Prints it; null when it has nothing to say.
   * @param log the market's log, if it has one
   */
  print(market: Ticker, log: MarketLog | undefined, saying: Saying): ItemText | null {
    const { standing, isSummed, nowMs } = saying
    const waitingMs = nowMs - this.sinceMs
    if (this.#records.length > 0 && becomesImage(0, waitingMs)) this.#condense()
    const book = this.#book(log, isSummed)
    const trades = this.#trades.slice(0, ITEM_TRADES)
    const said =
      book.image !== null || book.records.length > 0 || this.#answer === 'records and sum'
    const status = this.status ?? (said ? standing() : null)
    if (!said && trades.length === 0 && status === null) return null
    const text = itemText(market, { ...book, trades, status })
    return { text, stands: status !== null, isSummed: book.sum !== null }
  }

  /** It was told, or is not wanted: nothing of it waits. */
  drop(): void {
    this.#grown(-this.#records.length - this.#trades.length, -this.#characters)
  }

  /** The records that wait, and what the answer adds to them. */
  #book(log: MarketLog | undefined, isSummed: boolean) {
    const records = this.#records
    switch (this.#answer) {
      case 'records':
      case 'records and sum': {
        const unsummed = this.#answer === 'records' && (records.length === 0 || !isSummed)
        const last = unsummed ? null : (log?.image() ?? null)
        return { records, image: null, sum: last === null ? null : fullChecksum(last) }
      }
      case 'records and image':
      case 'image':
        return log === undefined ? { records, image: null, sum: null } : startAfter(log, records)
    }
  }

  get #tooLong(): boolean {
    return this.#characters > MESSAGE_CHARACTERS
  }

  /** An image in place of its records. */
  #condense(): void {
    this.#count(-this.#records.length, -sizeOf(this.#records))
    this.#records = []
    this.raise('image')
  }

  #count(entries: number, characters: number): void {
    this.#characters += characters
    this.#grown(entries, characters)
  }
}

function sizeOf(records: readonly PrintedRecord[]): number {
  return records.reduce((sum, { text }) => sum + text.length, 0)
}
