import type { AuthError } from '@supabase/supabase-js'
import { askSupabase, type Supabase } from './supabase.ts'

/**
 * Has Supabase set the password of who is in a session, and end their other sessions; its refusal, null when it is set.
 * Throws SupabaseAwayError.
 */
export function setPassword(
  supabase: Supabase,
  session: { readonly access_token: string; readonly refresh_token: string },
  password: string,
): Promise<AuthError | null> {
  return askSupabase(supabase, 'person', async (auth) => {
    const { access_token, refresh_token } = session
    const begun = await auth.setSession({ access_token, refresh_token })
    return (begun.error ?? (await auth.updateUser({ password })).error) as AuthError | null
  })
}
