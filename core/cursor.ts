/** Where a list goes on: the last row's key in the list's own order, as text without `~`. */
export type CursorPosition = readonly string[]

export type CursorParts = {
  readonly position: CursorPosition
  /** base64url of an HMAC-SHA-256 over `cursorText`. */
  readonly signature: string
}

/** Which list a cursor goes on in: its route and its canonical parameters, cursor and limit apart. */
export type CursorList = {
  readonly route: string
  readonly params: Readonly<Record<string, string | number | undefined>>
}

/** The form of every cursor. */
export const CURSOR_SHAPE = /^([A-Za-z0-9_~.-]{1,512})\.([A-Za-z0-9_-]{43})$/

/**
 * The text that a cursor's signature covers, so that it goes on in the very list it came from and in
 * no other.
 * @param params the list's canonical parameters, without cursor and limit
 */
export function cursorText(
  route: string,
  params: Readonly<Record<string, string | number | undefined>>,
  position: CursorPosition,
): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined)
  return JSON.stringify([route, given.sort(([a], [b]) => (a < b ? -1 : 1)), position])
}

/** Prints a cursor; its position is readable, and worth nothing under another signature. */
export function printCursor({ position, signature }: CursorParts): string {
  return `${position.join('~')}.${signature}`
}

/** Reads a cursor apart, before its signature is checked; null when it has not the form of one. */
export function parseCursor(text: string): CursorParts | null {
  const match = CURSOR_SHAPE.exec(text)
  if (match === null) return null
  const [, position = '', signature = ''] = match
  return { position: position.split('~'), signature }
}
