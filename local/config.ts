import { z } from 'zod'
import { readCollectorConfig } from '../collector/config.ts'
import { optionSchema, readOptions, simulatorArguments } from './options.ts'
import { type Outside, readOutside } from './outside.ts'
import { whole } from './whole.ts'

/** The variables that are not the collector's, or that have a default here. */
const variables = z.object({
  DATABASE_URL: z
    .string()
    .refine((text) => URL.canParse(text) && /^postgres(ql)?:/.test(text), {
      error: 'must be an address that begins with postgres://',
    })
    .optional(),
  FEED_SHARDS: whole(1, 64).default(2),
  FEED_SILENT_MS: whole(10, 2 ** 31 - 1).optional(),
  FEED_HEARTBEAT_MS: whole(10, 2 ** 31 - 1).optional(),
  FREE_WATCHES: whole(0, 2 ** 31 - 1).optional(),
  GATEWAY_HEARTBEAT_MS: whole(10, 2 ** 31 - 1).optional(),
  GATEWAY_LINGER_MS: whole(0, 2 ** 31 - 1).optional(),
  STREAM_LEASE_MS: whole(10, 2 ** 31 - 1).optional(),
  STREAM_RENEW_MS: whole(10, 2 ** 31 - 1).optional(),
  FEED_TOKEN_NEXT: z.string().min(16, { error: 'must have 16 characters at the least' }).optional(),
})

/** What names an exchange, and its key. */
const EXCHANGE = [
  'KALSHI_WS_URL',
  'KALSHI_REST_URL',
  'KALSHI_KEY_ID',
  'KALSHI_PRIVATE_KEY',
  'KALSHI_PRIVATE_KEY_FILE',
] as const
const EXCHANGE_PROBLEM = /^KALSHI_/
/** The collector gets these from us, whatever the environment says. */
const OURS_PROBLEM =
  /^(?:COLLECTOR_DATABASE_URL|FEED_URL|FEED_TOKEN|FEED_SHARDS|FEED_ENV|SPOOL_DIR|HTTP_PORT): /

/** Each of an exchange's variables, not set: an empty value hides the one of the shell. */
export const NO_EXCHANGE: Readonly<Record<string, string>> = Object.fromEntries(
  EXCHANGE.map((name) => [name, '']),
)

/** What `npm start` was asked for. */
export type LocalConfig = {
  readonly port: number
  readonly dataDir: string
  readonly fresh: boolean
  readonly json: boolean
  readonly shards: number
  /** An exchange of ours, or the one that the environment names. */
  readonly exchange:
    | { readonly kind: 'given'; readonly env: Readonly<Record<string, string>> }
    | { readonly kind: 'simulated'; readonly args: readonly string[] }
  /** The owner's address of a Postgres that runs already; null for an embedded one. */
  readonly databaseUrl: string | null
  readonly supabase: Outside
  readonly stripe: Outside
}

type Environment = Record<string, string | undefined>

/**
 * Reads the options and the environment, the collector's variables too, which are handed on.
 * @returns the configuration, or every problem with it
 */
export function readLocalConfig(
  argv: readonly string[],
  environment: Environment,
): { ok: true; config: LocalConfig } | { ok: false; problems: string[] } {
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const problems: string[] = []
  const options = check(optionSchema, readOptions(argv, problems), problems)
  const given = check(variables, env, problems)
  const outside = readOutside(env, problems)
  problems.push(...pairProblems(env), ...collectorProblems(env))
  if (options === null || given === null || problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    config: {
      port: options['--port'],
      dataDir: options['--data'],
      fresh: options['--fresh'],
      json: options['--json'],
      shards: given.FEED_SHARDS,
      databaseUrl: given.DATABASE_URL ?? null,
      ...outside,
      exchange:
        env['KALSHI_WS_URL'] === undefined
          ? { kind: 'simulated', args: simulatorArguments(options) }
          : { kind: 'given', env: exchangeVariables(env) },
    },
  }
}

function check<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  problems: string[],
): z.output<Shape> | null {
  const result = shape.safeParse(value)
  if (result.success) return result.data
  problems.push(...result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  return null
}

/** Half an exchange is none. */
function pairProblems(env: Environment): string[] {
  if (env['KALSHI_WS_URL'] === undefined) {
    return env['KALSHI_REST_URL'] === undefined
      ? []
      : ['KALSHI_REST_URL: set without KALSHI_WS_URL; set both, or neither']
  }
  return ['KALSHI_REST_URL', 'KALSHI_KEY_ID']
    .filter((name) => env[name] === undefined)
    .map((name) => `${name}: must be set beside KALSHI_WS_URL`)
}

/** What the collector itself would refuse, besides what it gets from us and what is told already. */
function collectorProblems(env: Environment): string[] {
  const simulated = env['KALSHI_WS_URL'] === undefined
  const read = readCollectorConfig(simulated ? { ...env, ...NO_EXCHANGE } : env)
  if (read.ok) return []
  return read.problems.filter((problem) => {
    if (OURS_PROBLEM.test(problem)) return false
    if (simulated) return !EXCHANGE_PROBLEM.test(problem)
    const name = problem.slice(0, problem.indexOf(':'))
    return !(EXCHANGE.some((each) => each === name) && env[name] === undefined)
  })
}

function exchangeVariables(env: Environment): Record<string, string> {
  return Object.fromEntries(
    EXCHANGE.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  )
}
