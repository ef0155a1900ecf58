import { readCollectorConfig } from '../../collector/config.ts'
import { type Finding, ok, wrong } from './finding.ts'

/** The variables of a deployment; an empty one is none. */
export type Variables = Readonly<Record<string, string>>

/** Ours alone: nobody else ever sees them, so each must be long, and none may be another. */
const SECRETS = ['FEED_TOKEN', 'KEY_PEPPER_V1', 'CURSOR_SECRET_V1', 'SESSION_SECRET_V1'] as const
const GIVEN_SECRETS = [
  'SUPABASE_PUBLISHABLE_KEY',
  'SUPABASE_SECRET_KEY',
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRET',
  'STRIPE_METER_WEBHOOK_SECRET',
] as const
/** Secrets of the Worker: `wrangler secret put`. */
export const WORKER_SECRETS: readonly string[] = [...SECRETS, ...GIVEN_SECRETS]
const LEAST = 32

/** Looks at each variable by itself, and at those that must not be the same. */
export function checkVariables(given: Variables): Finding[] {
  const missing = [...WORKER_SECRETS, 'PUBLIC_URL', 'SUPABASE_URL', 'FEED_SHARDS', 'FEED_ENV']
    .filter((name) => given[name] === undefined)
    .map((name) => wrong(name, 'is not set: what needs it answers 503'))
  const short = SECRETS.filter((name) => (given[name]?.length ?? LEAST) < LEAST).map((name) =>
    wrong(name, `has fewer than ${LEAST} characters: make one by \`openssl rand -base64 32\``),
  )
  const shared = SECRETS.flatMap((name, i) =>
    SECRETS.slice(i + 1)
      .filter((other) => given[name] !== undefined && given[name] === given[other])
      .map((other) => wrong(name, `is the same as ${other}: each needs one of its own`)),
  )
  const found = [...missing, ...short, ...shared, ...collectorProblems(given)]
  return found.length > 0 ? found : [ok('variables', 'all are set, and can be read')]
}

/** What the collector itself would say before it ends. */
function collectorProblems(given: Variables): Finding[] {
  const read = readCollectorConfig(given)
  if (read.ok) return []
  return read.problems.map((problem) => wrong('the collector’s variables', problem))
}
