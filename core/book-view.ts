import type { Book } from './book.ts'
import type { LiveBook } from './live-book.ts'
import type { Level, Side } from './log.ts'
import { printPrice } from './price.ts'
import { printSize } from './size.ts'
import { differences, type LevelRow, SIDES, TouchedLevels } from './touched-levels.ts'
import type {
  EndMessage,
  GapMessage,
  ImageMessage,
  ImageReason,
  LevelsMessage,
} from './wire/stream.ts'
import type { StreamDepth } from './wire/stream-command.ts'
import { type BookMessage, gapMessage, type RecordMessage } from './wire/stream-message.ts'

/**
 * One way of showing a market's book: its best levels alone or all of them, and gathered for as long as nobody asks. What it
 * tells says how the levels that are shown differ from what it told before. A client that only sets sizes has, after each
 * message, the best `depth` levels of a side, and no other.
 *
 * A row's times are those of the last record that changed its level since the view told of the book last; of a level that
 * came or went because another one did, they are those of the book's last record.
 */
export class BookView {
  readonly #market: string
  readonly #depth: StreamDepth | null
  /** Why an image is due that could not be given when the view was started. */
  #reason: ImageReason = 'initial'
  /** The last seq that was told; null while nothing was. */
  #told: number | null = null
  /** Whether a book is known by what was told. */
  #known = false
  /** All up to this seq, of a book that began so, was taken in. */
  #seen = -1
  #begun = -1
  /** Of a view that has a depth, what was told. */
  #shown: Record<Side, readonly Level[]> = { yes: [], no: [] }
  /** What is to be told: gaps, then a new start or how levels have changed, then an end. */
  #gaps: GapMessage[] = []
  #startDue = false
  readonly #touched = new TouchedLevels()
  /** Whether a level was touched that is shown, or would be. */
  #reached = false
  /** That of the book after the last record that was taken in. */
  #checksum = 0
  #end: EndMessage | null = null

  constructor(market: string, depth: StreamDepth | null) {
    this.#market = market
    this.#depth = depth
  }

  /** The seq that was told last; null while nothing was. */
  get seq(): number | null {
    return this.#told
  }

  /**
   * Tells of the book as to somebody who knows nothing: an image, or why there is none. What follows builds on it; while
   * nothing is known of the book it is empty, and flush tells as soon as it can.
   * @param ended whether it was told already that the log has ended
   */
  start(live: LiveBook, reason: ImageReason, ended = reason === 'resync'): BookMessage[] {
    // Who was told already is not sent back to a gap before the end.
    const told = reason === 'resync' || reason === 'slow_consumer' ? (this.#told ?? -1) : -1
    this.#reason = reason
    this.#told = null
    this.#gaps = []
    const messages = live.start(reason, ended)
    const fresh = messages.filter((message) => message.type !== 'gap' || message.seq >= told)
    return this.#begin(live, fresh, reason)
  }

  /**
   * Takes in what has come to the book, for a view that is flushed seldom: the book keeps only so many records, and when one
   * has gone from it that was not taken in, the next flush is an image.
   */
  gather(live: LiveBook): void {
    if (this.#told === null || live.seq === null || live.seq < this.#told) return
    const missed = live.begun === this.#begun ? live.since(this.#seen) : null
    if (missed === null) this.#lose(live)
    else for (const message of missed) this.#take(message)
    this.#seen = live.seq
    this.#begun = live.begun
  }

  /**
   * Tells what differs since the view told last, in order; nothing when nothing that is shown does, and then the next
   * message covers it.
   * @param sentUs the moment of sending, µs
   * @param whole also tells that nothing differs, so that all who follow the view stand where a newcomer starts
   */
  flush(live: LiveBook, sentUs: number, whole = false): (BookMessage | LevelsMessage)[] {
    const had = this.#told
    if (had === null) return this.start(live, this.#reason)
    this.gather(live)
    if (live.seq === null || live.seq < had) return []
    const messages: (BookMessage | LevelsMessage)[] = this.#tellGaps()
    if (this.#startDue) {
      const reason = this.#known ? 'resync' : 'gap'
      return [...messages, ...this.#begin(live, this.#fresh(live), reason)]
    }
    const levels = this.#tellLevels(live, sentUs, whole)
    if (levels !== null) messages.push(levels)
    if (this.#end === null) return messages
    messages.push(this.#end)
    this.#told = this.#end.seq
    this.#end = null
    return messages
  }

  #begin(live: LiveBook, messages: readonly BookMessage[], reason: ImageReason): BookMessage[] {
    const last = messages.at(-1)
    this.#forgetChanges()
    this.#end = null
    this.#startDue = false
    if (last === undefined) return []
    const { state } = live
    const book = state.kind === 'known' || state.kind === 'closed' ? state.book : null
    this.#known = book !== null
    if (book !== null) this.#show(book)
    this.#told = last.type === 'deltas' ? last.seq[1] : last.seq
    this.#seen = live.seq ?? -1
    this.#begun = live.begun
    return messages.map((message) =>
      message.type === 'snapshot' && message.image ? this.#cut({ ...message, reason }) : message,
    )
  }

  /** A new start for those who were told what was: never before that, and nothing of it twice. */
  #fresh(live: LiveBook): BookMessage[] {
    const told = this.#told ?? -1
    const messages = live.start((live.seq ?? -1) > told ? 'initial' : 'resync')
    return messages.filter((message) => {
      const seq = message.type === 'deltas' ? message.seq[1] : message.seq
      return seq > told || (seq === told && message.type === 'snapshot')
    })
  }

  #cut(image: ImageMessage): ImageMessage {
    const depth = this.#depth ?? Number.MAX_SAFE_INTEGER
    return { ...image, yes: image.yes.slice(0, depth), no: image.no.slice(0, depth) }
  }

  #show(book: Book): void {
    const depth = this.#depth
    if (depth !== null) this.#shown = { yes: book.top('yes', depth), no: book.top('no', depth) }
  }

  /** Not all that came is kept, or the book began anew. */
  #lose(live: LiveBook): void {
    const gap = live.lastGap
    if (gap !== null && gap.seq > this.#seen) this.#gaps.push(gapMessage(this.#market, gap))
    this.#startDue = true
    this.#forgetChanges()
  }

  #take(message: RecordMessage): void {
    switch (message.type) {
      case 'deltas':
        this.#checksum = message.checksum
        if (this.#startDue) return
        for (const row of message.d) {
          this.#touched.touch(row)
          this.#reached ||= row[1] >= this.#least(row[0])
        }
        return
      case 'snapshot':
        this.#startDue = true
        this.#forgetChanges()
        return
      case 'gap':
        // Of an end before it there is no more to say: the log went on.
        this.#end = null
        this.#startDue = false
        this.#gaps.push(message)
        this.#forgetChanges()
        return
      case 'end':
        this.#end = message
    }
  }

  /** From which price on, as it is printed, a level of a side is shown; below that nothing moves what is shown. */
  #least(side: Side): string {
    const worst = this.#shown[side].at((this.#depth ?? 0) - 1)
    return this.#depth === null || this.#shown[side].length < this.#depth || worst === undefined
      ? ''
      : printPrice(worst[0])
  }

  #forgetChanges(): void {
    this.#touched.clear()
    this.#reached = false
  }

  #tellGaps(): GapMessage[] {
    const gaps = this.#gaps
    const last = gaps.at(-1)
    this.#gaps = []
    if (last === undefined) return gaps
    this.#told = last.seq
    this.#known = false
    return gaps
  }

  #tellLevels(live: LiveBook, sentUs: number, whole: boolean): LevelsMessage | null {
    const { state } = live
    const told = this.#told ?? -1
    const to = this.#end === null ? this.#seen : this.#end.seq - 1
    const book = state.kind === 'known' || state.kind === 'closed' ? state.book : null
    if (!this.#known || book === null || to <= told) return null
    const d = this.#differing(live, book)
    this.#forgetChanges()
    // An end is taken only by those who have what is before it.
    if (d.length === 0 && !whole && this.#end === null) return null
    this.#told = to
    const seq: [number, number] = [told + 1, to]
    return {
      type: 'deltas',
      market: this.#market,
      seq,
      d,
      checksum: this.#checksum,
      sent_us: sentUs,
    }
  }

  /** The levels that are shown and are others now, yes before no and best first. */
  #differing(live: LiveBook, book: Book): LevelRow[] {
    if (this.#depth === null) return this.#touched.changed()
    if (!this.#reached) return []
    const before = this.#shown
    this.#show(book)
    const now = this.#shown
    return SIDES.flatMap((side) =>
      differences(before[side], now[side]).map(([price, size]): LevelRow => {
        const text = printPrice(price)
        const last = this.#touched.last(side, text)
        const stamp = last ? { event: last[4], recv: last[5] } : live.stamp
        return [side, text, null, printSize(size), stamp?.event ?? null, stamp?.recv ?? 0]
      }),
    )
  }
}
