import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import type { CursorList, CursorPosition } from '#core/cursor'
import type { App } from './context.ts'
import { makeCursor, readCursor } from './cursor.ts'
import { settingsOf } from './env.ts'

/** Where a page begins, and how to say where the next one does. */
export type PageStart =
  | {
      readonly ok: true
      /** null for the first page. */
      readonly position: CursorPosition | null
      readonly cursorAt: (position: CursorPosition) => Promise<string>
    }
  | { readonly ok: false; readonly error: ApiError }

/** Reads the cursor of a list's request, if it has one. */
export async function openPage(
  c: Context<App>,
  list: CursorList,
  cursor: string | undefined,
): Promise<PageStart> {
  const secret = settingsOf(c.env).CURSOR_SECRET_V1
  if (secret === null) {
    const message = 'lists cannot be paged now'
    return { ok: false, error: { code: 'upstream_degraded', message } }
  }
  const position = cursor === undefined ? null : await readCursor(secret, list, cursor)
  if (cursor !== undefined && position === null) {
    const message = 'must be the next_cursor of a page of this very list, with the same parameters'
    return { ok: false, error: { code: 'invalid_param', param: 'cursor', message } }
  }
  return { ok: true, position, cursorAt: (at) => makeCursor(secret, list, at) }
}
