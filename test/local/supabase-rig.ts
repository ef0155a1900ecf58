import { createClient } from '@supabase/supabase-js'
import { afterEach } from 'vitest'
import { type RunningSupabase, startSupabase } from '../../local/supabase/server.ts'

type Options = Parameters<typeof startSupabase>[0]
type Auth = ReturnType<typeof createClient>['auth']

export const SITE = 'https://kalshibook.test'
export const EMAIL = 'Ann@Example.com'
export const PASSWORD = 'a long enough word'

/** A stand-in that runs, and the real client of Supabase's. */
export type SupabaseRig = RunningSupabase & {
  /** A client that keeps nothing, with one of the keys. */
  client(key?: string, headers?: Record<string, string>): Auth
  mails(
    email?: string,
  ): Promise<{ link: string; token_hash: string; otp: string; subject: string }[]>
  hurt(order: object): Promise<number>
  /** Signs EMAIL up and follows the link; the session. */
  confirmed(): Promise<{ access_token: string; refresh_token: string }>
}

const open: RunningSupabase[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()))
})

/** Starts a stand-in for one test; it ends with it. Its limits are wide unless they are given. */
export async function openSupabase(options: Partial<Options> = {}): Promise<SupabaseRig> {
  const wide = { signIns: 1000, verifications: 1000, refreshes: 1000, mails: 1000, mailEveryMs: 0 }
  const running = await startSupabase({ siteUrl: SITE, limits: wide, ...options })
  open.push(running)
  const rig: SupabaseRig = {
    ...running,
    client(key = running.publishableKey, headers = {}) {
      const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false }
      return createClient(running.url, key, { auth, global: { headers } }).auth
    },
    async mails(email = EMAIL) {
      const response = await fetch(`${running.url}/outbox?email=${encodeURIComponent(email)}`)
      return (await response.json()) as Awaited<ReturnType<SupabaseRig['mails']>>
    },
    async hurt(order) {
      const headers = { apikey: running.secretKey }
      const body = JSON.stringify(order)
      return (await fetch(`${running.url}/control`, { method: 'POST', headers, body })).status
    },
    async confirmed() {
      await rig.client().signUp({ email: EMAIL, password: PASSWORD })
      const token_hash = (await rig.mails()).at(-1)?.token_hash ?? ''
      const { data, error } = await rig.client().verifyOtp({ type: 'email', token_hash })
      if (data.session === null) throw error ?? new Error('no session')
      return data.session
    },
  }
  return rig
}
