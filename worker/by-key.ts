import type { CursorPosition } from '#core/cursor'
import type { Micros } from '#core/instant'
import type { Batch, ListStart } from './list.ts'

/** Rows that one statement reads of a list. */
const STEP = 10_001

/** A list whose rows are found by a key. */
export type Keyed<Row> = {
  readonly position: (row: Row) => CursorPosition
  /** Rows after a place, at most `limit`. */
  readonly read: (
    after: CursorPosition | null,
    limit: number,
  ) => Promise<{ readonly rows: readonly Row[]; readonly throughUs: Micros | null }>
}

/** The batches of a list that is read by its key, one statement each. Throws as `read` does. */
export async function* byKey<Row>(
  { after, most }: ListStart,
  { position, read }: Keyed<Row>,
): AsyncGenerator<Batch<Row>> {
  let place = after
  for (let left = most; left > 0; ) {
    const limit = Math.min(left, STEP)
    const { rows, throughUs } = await read(place, limit)
    const last = rows.at(-1)
    const next = rows.length < limit || last === undefined ? null : position(last)
    yield { rows, throughUs, next }
    if (next === null) return
    place = next
    left -= rows.length
  }
}
