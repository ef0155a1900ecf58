import { z } from 'zod'
import { type Finding, ok, reasonOf, skipped, wrong } from './finding.ts'
import type { Variables } from './variables.ts'

const PATIENCE_MS = 10_000
const settings = z.object({
  mailer_autoconfirm: z.boolean(),
  disable_signup: z.boolean(),
  external: z.object({ email: z.boolean() }),
})
const keys = z.object({ keys: z.array(z.object({ alg: z.string().optional() })) })
/** A person that nobody is: who may look is told so, and others are refused. */
const NOBODY = '00000000-0000-4000-8000-000000000000'
const ASYMMETRIC = ['ES256', 'RS256']

/** Looks at Supabase Auth: that it answers, takes our keys, and is set as people's accounts need it. */
export async function checkPeople(given: Variables): Promise<Finding[]> {
  const { SUPABASE_URL: url, SUPABASE_PUBLISHABLE_KEY: open, SUPABASE_SECRET_KEY: secret } = given
  if (url === undefined || open === undefined || secret === undefined) {
    return [skipped('Supabase Auth', 'its address or a key of it is not set')]
  }
  try {
    const said = settings.parse(await get(`${url}/auth/v1/settings`, open))
    const signing = keys.parse(await get(`${url}/auth/v1/.well-known/jwks.json`, open))
    await get(`${url}/auth/v1/admin/users/${NOBODY}`, secret, [404])
    const found = [
      ...(said.external.email ? [] : ['sign-ups by email are off']),
      ...(said.disable_signup ? ['sign-ups are off'] : []),
      ...(said.mailer_autoconfirm ? ['"Confirm email" is off: free credits hang on it'] : []),
      ...(signing.keys.some(({ alg = '' }) => ASYMMETRIC.includes(alg))
        ? []
        : ['it has no asymmetric signing key: its tokens are no sessions here']),
    ]
    if (found.length > 0) return found.map((text) => wrong('Supabase Auth', text))
    return [
      ok('Supabase Auth', 'answers, takes both keys, confirms addresses and signs as it must'),
      skipped(
        'Supabase Auth',
        'its mail templates, the OTP length of 10 and IP forwarding cannot be asked: docs/operate.md',
      ),
    ]
  } catch (error) {
    return [wrong('Supabase Auth', reasonOf(error))]
  }
}

async function get(url: string, key: string, also: readonly number[] = []): Promise<unknown> {
  const headers = { apikey: key, Authorization: `Bearer ${key}` }
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE_MS) })
  if (!answer.ok && !also.includes(answer.status))
    throw new Error(`${new URL(url).pathname} answers ${answer.status}: is it the right key?`)
  return answer.json()
}
