/** Prints the place after which the next page begins as the opaque text that clients send back. */
export function printCursor(place: string): string {
  return Buffer.from(place).toString('base64url')
}

/** Reads a cursor; null when it is none of ours. */
export function readCursor(text: string): string | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null
  const place = Buffer.from(text, 'base64url').toString()
  return printCursor(place) === text ? place : null
}

/** One page of a list. */
export type Page<T> = { items: T[]; cursor: string }

/**
 * Cuts one page out of a list.
 * @param keyOf names an item by something that no other item has
 * @returns the page and the cursor of the next (empty at the end), or null when the cursor names no item
 */
export function paginate<T>(
  items: readonly T[],
  limit: number,
  cursor: string | undefined,
  keyOf: (item: T) => string,
): Page<T> | null {
  let from = 0
  if (cursor !== undefined && cursor !== '') {
    const place = readCursor(cursor)
    from = place === null ? 0 : items.findIndex((item) => keyOf(item) === place) + 1
    if (from === 0) return null
  }
  const page = items.slice(from, from + limit)
  const last = page.at(-1)
  const more = from + limit < items.length && last !== undefined
  return { items: page, cursor: more ? printCursor(keyOf(last)) : '' }
}
