/** Where people sign in, and where they pay: the real one, one of ours, or none. */
export type Outside =
  | { readonly kind: 'given'; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: 'stand-in' }
  | { readonly kind: 'none' }

type Environment = Record<string, string | undefined>

const SUPABASE = ['SUPABASE_URL', 'SUPABASE_PUBLISHABLE_KEY', 'SUPABASE_SECRET_KEY'] as const
const STRIPE = [
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRET',
  'STRIPE_METER_WEBHOOK_SECRET',
] as const

/**
 * Reads which Supabase and which Stripe the environment names, where it does.
 * @param problems gets what half a set lacks, and what cannot be used
 */
export function readOutside(
  env: Environment,
  problems: string[],
): { readonly supabase: Outside; readonly stripe: Outside } {
  return { supabase: readSet(env, SUPABASE, problems), stripe: readSet(env, STRIPE, problems) }
}

/** All of them, or none. */
function readSet(env: Environment, names: readonly string[], problems: string[]): Outside {
  const given = Object.fromEntries(
    names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  )
  if (Object.keys(given).length === 0) return { kind: 'stand-in' }
  for (const name of names.filter((each) => given[each] === undefined)) {
    problems.push(`${name}: must be set beside ${Object.keys(given).join(' and ')}`)
  }
  const url = given['SUPABASE_URL']
  if (url !== undefined && !(URL.canParse(url) && /^https?:/.test(url))) {
    problems.push('SUPABASE_URL: must be an address that begins with https://')
  }
  return { kind: 'given', env: given }
}
