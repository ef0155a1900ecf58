import { printAsks, readLevels, type YesView } from '../../../../client/printed-book.ts'
import type { PrintedLevels } from '../../../../client/stream-event.ts'
import { DepthChart } from '../picture/depth-chart.ts'
import { element } from '../picture/element.ts'
import { Ladder } from '../picture/ladder.ts'

/** What of a book answer is drawn: one of either view, or why there is none. */
type BookData = {
  readonly ticker: string
  readonly status?: string
  readonly bids?: PrintedLevels
  readonly asks?: PrintedLevels
  readonly yes?: PrintedLevels
  readonly no?: PrintedLevels
  readonly gap?: { readonly cause: string }
  readonly error?: { readonly message: string }
}

/** So many books are drawn side by side. */
const MOST = 6
const LEVELS = 12

/** Draws one book as ladder and depth, several as ladders. */
export function drawBooks(box: HTMLElement, data: unknown): boolean {
  const { books } = data as { readonly books?: readonly BookData[] }
  const all = books ?? (Array.isArray(data) ? (data as readonly BookData[]) : [data as BookData])
  const pictures = element('div', 'pictures')
  box.replaceChildren(pictures)
  box.hidden = false
  for (const book of all.slice(0, MOST)) pictures.append(pictureOf(book, all.length === 1))
  if (all.length === 1) pictures.append(depthOf(all[0] ?? null))
  if (all.length > MOST) {
    const words = `The first ${MOST} of ${all.length} books are drawn.`
    pictures.append(element('p', 'quiet full', words))
  }
  return true
}

function pictureOf(book: BookData, alone: boolean): HTMLElement {
  const why = whyNone(book)
  const ladder = element('div')
  new Ladder(ladder, alone ? LEVELS : 5).show(viewOf(book), book.status === 'stale')
  return element('div', '', element('h3', '', book.ticker), why === null ? ladder : noBook(why))
}

function depthOf(book: BookData | null): HTMLElement {
  const box = element('div')
  if (book !== null) new DepthChart(box).show(viewOf(book))
  return element('div', '', element('h3', '', 'Depth'), box)
}

function noBook(why: string): HTMLElement {
  return element('p', 'picture-none', why)
}

function whyNone({ error, status, gap }: BookData): string | null {
  if (error !== undefined) return error.message
  return status === 'unknown' ? `No book is known: ${gap?.cause ?? 'there is a gap'}.` : null
}

function viewOf({ bids, asks, yes, no }: BookData): YesView | null {
  if (bids !== undefined && asks !== undefined) return { bids, asks }
  if (yes === undefined || no === undefined) return null
  return { bids: yes, asks: printAsks(readLevels(no) ?? []) }
}
