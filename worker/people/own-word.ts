import type { Context } from 'hono'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { csrfToken } from './own-pages.ts'
import { readSessionCookies } from './session-cookies.ts'
import { readSessionToken } from './session-token.ts'
import { SupabaseAwayError, supabaseOf } from './supabase.ts'

/**
 * The word against forgery of the session that a browser keeps, by what it keeps alone: for the way out while nobody can say
 * whose session it is. Empty when it cannot be told; a sign-out that meets the same trouble then needs none.
 */
export async function ownWord(c: Context<App>): Promise<string> {
  const settings = settingsOf(c.env)
  const supabase = supabaseOf(settings)
  const secret = settings.SESSION_SECRET_V1
  const access = readSessionCookies(c)?.access ?? null
  if (supabase === null || secret === null || access === null) return ''
  try {
    const person = await readSessionToken(supabase.url, access)
    return person === null ? '' : csrfToken(secret, person.sessionId)
  } catch (error) {
    if (error instanceof SupabaseAwayError) return ''
    throw error
  }
}
