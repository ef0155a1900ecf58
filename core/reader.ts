import { Book } from './book.ts'
import type {
  BookRecord,
  DeltaRecord,
  EndRecord,
  GapRecord,
  Image,
  Seq,
  SnapshotRecord,
} from './log.ts'

/** What a reader of a market's log knows. */
export type ReaderState =
  | { readonly kind: 'empty' }
  | { readonly kind: 'known'; readonly seq: Seq; readonly book: Book }
  | { readonly kind: 'unknown'; readonly seq: Seq; readonly gap: GapRecord }
  | {
      readonly kind: 'closed'
      readonly seq: Seq
      readonly book: Book | null
      readonly end: EndRecord
    }

/** What became of one entry: taken, already known, or a reason to ask for a new start. */
export type ReadOutcome = 'taken' | 'ignored' | 'resync'

/**
 * The reader's rule (architecture §5), one for the store, Durable Objects and customers: a snapshot
 * or image at or above my seq replaces my book; all else at or below is ignored, but for the end of
 * a log of which I hold an image from after it; a later gap makes the book unknown; a delta counts
 * only on a known book and only at my seq + 1.
 */
export class Reader {
  state: ReaderState = { kind: 'empty' }

  /** The last seq taken, or -1. */
  get seq(): number {
    return this.state.kind === 'empty' ? -1 : this.state.seq
  }

  /** Takes the next record or image by the rule. On `resync` the state is as before. */
  read(entry: BookRecord | Image): ReadOutcome {
    switch (entry.kind) {
      case 'snapshot':
      case 'image':
        return this.#start(entry)
      case 'gap':
        if (entry.seq <= this.seq) return 'ignored'
        this.state = { kind: 'unknown', seq: entry.seq, gap: entry }
        return 'taken'
      case 'delta':
        return entry.seq <= this.seq ? 'ignored' : this.#change(entry)
      case 'end':
        return this.#close(entry)
    }
  }

  #start(entry: SnapshotRecord | Image): ReadOutcome {
    if (entry.seq < this.seq) return 'ignored'
    const book = Book.of(entry)
    if (book === null) return 'resync'
    // An image at the seq of the end is the last book of a log that stays closed.
    if (this.state.kind === 'closed' && entry.seq === this.seq) this.state = { ...this.state, book }
    else this.state = { kind: 'known', seq: entry.seq, book }
    return 'taken'
  }

  #change(delta: DeltaRecord): ReadOutcome {
    if (this.state.kind !== 'known' || delta.seq !== this.state.seq + 1) return 'resync'
    const { book } = this.state
    const size = book.apply(delta.side, delta.price, delta.change)
    if (size === null) return 'resync'
    if (size !== delta.size) {
      // Not the book that the change was made to: undo, so that the state is as before.
      book.apply(delta.side, delta.price, -delta.change as typeof delta.change)
      return 'resync'
    }
    this.state = { kind: 'known', seq: delta.seq, book }
    return 'taken'
  }

  #close(end: EndRecord): ReadOutcome {
    // A book known at the very seq of the end came as an image from after it.
    const after = this.state.kind === 'known' && end.seq === this.seq
    if (end.seq <= this.seq && !after) return 'ignored'
    if (this.state.kind === 'empty' || (end.seq !== this.seq + 1 && !after)) return 'resync'
    const book = this.state.kind === 'unknown' ? null : this.state.book
    this.state = { kind: 'closed', seq: end.seq, book, end }
    return 'taken'
  }
}
