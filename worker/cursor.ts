import {
  type CursorList,
  type CursorPosition,
  cursorText,
  parseCursor,
  printCursor,
} from '#core/cursor'
import { hmac, printBase64Url, sameSecret } from './hmac.ts'

/** Signs where a list goes on. @param secret CURSOR_SECRET_V1 */
export async function makeCursor(
  secret: string,
  { route, params }: CursorList,
  position: CursorPosition,
): Promise<string> {
  const signature = printBase64Url(await hmac(secret, cursorText(route, params, position)))
  return printCursor({ position, signature })
}

/** The position in a cursor; null when we did not make it for this very list. */
export async function readCursor(
  secret: string,
  { route, params }: CursorList,
  cursor: string,
): Promise<CursorPosition | null> {
  const parts = parseCursor(cursor)
  if (parts === null) return null
  const right = printBase64Url(await hmac(secret, cursorText(route, params, parts.position)))
  return (await sameSecret(right, parts.signature)) ? parts.position : null
}
