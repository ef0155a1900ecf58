import type { CursorPosition } from '#core/cursor'
import type { Micros } from '#core/instant'
import type { Batch, ListStart } from './list.ts'

/** Rows that one statement reads of a list at most. */
const STEP = 10_001
const LEAST_SPAN_US = 3_600_000_000

/** A stretch of a list's time, `toUs` exclusive. */
export type Window = { readonly fromUs: Micros; readonly toUs: Micros }

/** What one statement found in a window. */
export type WindowRows<Row> = {
  readonly rows: readonly Row[]
  /** The share of what one statement should read that it did read: above a half, the next window is shorter. */
  readonly load: number
}

/** A list in the order of time, read through one window of time after another. A position begins with a time. */
export type Windowed<Row> = Window & {
  readonly order: 'asc' | 'desc'
  /** The length of the first window, µs. */
  readonly spanUs: number
  /** The length of the longest window, µs; without it, windows grow while little is found. */
  readonly mostUs?: number
  /** Windows begin at multiples of it, and are so long at least, µs. */
  readonly alignUs?: number
  readonly throughUs: Micros | null
  readonly position: (row: Row) => CursorPosition
  /** The place before all rows of a time when they ascend, after them when they descend. */
  readonly placeAt: (us: Micros) => CursorPosition
  /** Rows of a window after a place in it, at most `limit`. */
  readonly read: (
    window: Window,
    after: CursorPosition | null,
    limit: number,
  ) => Promise<WindowRows<Row>>
}

/**
 * The batches of a list that may be empty for long: each looks at a window of time, which grows while little is found and
 * shrinks when it was much. Throws as `read` does.
 */
export async function* byWindow<Row>(
  { after, most }: ListStart,
  list: Windowed<Row>,
): AsyncGenerator<Batch<Row>> {
  const { throughUs, order, mostUs = Number.MAX_SAFE_INTEGER } = list
  const least = list.alignUs ?? LEAST_SPAN_US
  let place = after
  let span = list.spanUs
  for (let left = most; left > 0; ) {
    const window = windowAfter(list, place, span)
    if (window.fromUs >= window.toUs) {
      yield { rows: [], throughUs, next: null }
      return
    }
    const limit = Math.min(left, STEP)
    const { rows, load } = await list.read(window, place, limit)
    const last = rows.at(-1)
    const end = order === 'asc' ? window.toUs : window.fromUs
    const over = order === 'asc' ? end >= list.toUs : end <= list.fromUs
    const full = last !== undefined && rows.length >= limit
    const next = full ? list.position(last) : over ? null : list.placeAt(end)
    yield { rows, throughUs, next }
    if (next === null) return
    place = next
    left -= rows.length
    span = load > 0.5 ? Math.max(least, span / 2) : load < 0.25 ? Math.min(mostUs, 2 * span) : span
  }
}

function windowAfter<Row>(list: Windowed<Row>, place: CursorPosition | null, span: number): Window {
  const { order, fromUs, toUs, alignUs = 1 } = list
  const at = place === null ? null : Number(place[0])
  // A row of the place's own time may still follow it.
  if (order === 'asc') {
    const from = at === null ? fromUs : Math.max(fromUs, at)
    const to = Math.min(toUs, alignDown(from + span, alignUs))
    return { fromUs: from as Micros, toUs: to as Micros }
  }
  const to = at === null ? toUs : Math.min(toUs, at + 1)
  const from = Math.max(fromUs, alignDown(to - span, alignUs))
  return { fromUs: from as Micros, toUs: to as Micros }
}

function alignDown(us: number, alignUs: number): number {
  return Math.max(0, us - (us % alignUs))
}
