import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import type { Settings } from '../env.ts'

/** How long (ms) Supabase may take for all that one request asks of it. */
const DEADLINE_MS = 5000

type Auth = SupabaseClient['auth']

/** What is needed to ask Supabase Auth. */
export type Supabase = {
  /** Without a slash at its end. */
  readonly url: string
  readonly publishableKey: string
  readonly secretKey: string
}

/** On whose behalf we ask: somebody at an address, whose limits then count, a person who is signed in, or ourselves. */
export type AskAs = { readonly address: string | null } | 'person' | 'operator'

/** Supabase does not answer, not in time, or that it cannot. */
export class SupabaseAwayError extends Error {
  readonly code = 'supabase_away'
  /** Whether Supabase Auth itself took the call, and failed at what it had to do for it. */
  readonly tookIt: boolean

  constructor(message: string, options: ErrorOptions & { readonly tookIt?: boolean } = {}) {
    super(message, options)
    this.tookIt = options.tookIt ?? false
  }
}

/** Supabase's address and keys; null when one of them is missing. */
export function supabaseOf(settings: Settings): Supabase | null {
  const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY } = settings
  if (SUPABASE_URL === null || SUPABASE_PUBLISHABLE_KEY === null || SUPABASE_SECRET_KEY === null) {
    return null
  }
  return {
    url: SUPABASE_URL.replace(/\/+$/, ''),
    publishableKey: SUPABASE_PUBLISHABLE_KEY,
    secretKey: SUPABASE_SECRET_KEY,
  }
}

/**
 * Asks Supabase Auth with a client of its own, which keeps nothing. Throws SupabaseAwayError when it is away or too late:
 * its own client would try on for half a minute.
 */
export async function askSupabase<Result>(
  { url, publishableKey, secretKey }: Supabase,
  as: AskAs,
  run: (auth: Auth) => Promise<Result>,
): Promise<Result> {
  const away = Promise.withResolvers<never>()
  away.promise.catch(() => {})
  const signal = AbortSignal.timeout(DEADLINE_MS)
  let isAway = false
  const leave = (tookIt: boolean) => {
    isAway = true
    away.reject(new SupabaseAwayError('Supabase is away', { tookIt }))
  }
  const late = () => leave(false)
  signal.addEventListener('abort', late)
  const once = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    // Nobody waits any more: an answer like this one ends the client's tries.
    if (isAway) return Response.json({ code: 'away', message: 'away' }, { status: 400 })
    try {
      const response = await fetch(input, { ...init, signal })
      if (response.status >= 500) leave(response.headers.has('x-sb-error-code'))
      return response
    } catch (error) {
      leave(false)
      throw error
    }
  }
  const client = createClient(url, as === 'person' ? publishableKey : secretKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: once, headers: forwarded(as) },
  })
  try {
    return await Promise.race([run(client.auth), away.promise])
  } finally {
    signal.removeEventListener('abort', late)
  }
}

/**
 * All our callers reach Supabase from our own addresses; it counts them apart by this header, which it takes with a secret
 * key alone. https://supabase.com/docs/guides/auth/rate-limits
 */
function forwarded(as: AskAs): Record<string, string> {
  if (typeof as === 'string' || as.address === null) return {}
  return { 'Sb-Forwarded-For': as.address }
}
