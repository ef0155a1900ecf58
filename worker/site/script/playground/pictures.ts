import type { Call } from '../../playground/call.ts'
import { printCount } from '../../print-count.ts'
import { element } from '../picture/element.ts'

/** More cannot be told apart, and takes long. */
const MOST_ROWS = 20_000

/** Draws an answer where there is a picture of its kind. @returns whether there is */
export async function drawPicture(
  box: HTMLElement,
  { operation: { path }, ...call }: Call,
  parsed: unknown,
): Promise<boolean> {
  const data = (parsed as { readonly data?: unknown } | null | undefined)?.data
  if (data === undefined || data === null) return false
  const asked = new URL(call.path, location.origin).searchParams
  if (/\/orderbooks?$/.test(path)) return (await import('./book-pictures.ts')).drawBooks(box, data)
  const rows = Array.isArray(data) ? data : []
  if (rows.length === 0) return false
  const last = path.split('/').at(-1) ?? ''
  if (!['bbo', 'deltas', 'trades', 'candles'].includes(last)) return false
  const { drawRows } = await import('./time-pictures.ts')
  const drawn = rows.slice(0, MOST_ROWS)
  const inOrder = asked.get('order') === 'desc' ? drawn.toReversed() : drawn
  if (!drawRows(box, last, inOrder, asked)) return false
  if (drawn.length < rows.length) {
    const words = `Drawn of the first ${printCount(MOST_ROWS)} rows.`
    box.append(element('p', 'quiet', words))
  }
  return true
}
