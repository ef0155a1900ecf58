import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'

const whole = (least: number, most: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most, {
      error: `must be a whole number from ${least} to ${most}`,
    })
    .transform(Number)

const optionSchema = z.object({
  '--port': whole(1, 65_535).default(8787),
  '--data': z.string().min(1).default('.data'),
  '--fresh': z.boolean().default(false),
  '--markets': whole(1, 20_000).default(40),
  '--rate': whole(0, 100_000).default(100),
  '--seed': whole(0, 2 ** 31 - 1).optional(),
  '--replay': z
    .string()
    .refine((file) => existsSync(file), { error: 'there is no such file' })
    .optional(),
  '--json': z.boolean().default(false),
})

const variables = z.object({
  KALSHI_WS_URL: z.string().optional(),
  KALSHI_REST_URL: z.string().optional(),
  KALSHI_KEY_ID: z.string().optional(),
  KALSHI_PRIVATE_KEY: z.string().optional(),
  KALSHI_PRIVATE_KEY_FILE: z.string().optional(),
  DATABASE_URL: z
    .string()
    .refine((text) => URL.canParse(text) && /^postgres(ql)?:/.test(text), {
      error: 'must be an address that begins with postgres://',
    })
    .optional(),
  FEED_SHARDS: whole(1, 64).default(2),
})

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
}

export const USAGE = `npm start -- [options]
  --port N       where the API listens (8787)
  --data DIR     what is kept between runs (.data)
  --fresh        forget what was kept
  --markets N    markets of the simulated exchange (40)
  --rate R       its book events a second, over all markets (100)
  --seed S       makes its events repeatable
  --replay FILE  plays a recording instead
  --json         one JSON object a line on standard output
Addresses and secrets come from the environment: see .env.example`

/**
 * Reads the options and the environment.
 * @returns the configuration, or every problem with it
 */
export function readLocalConfig(
  argv: readonly string[],
  environment: Record<string, string | undefined>,
): { ok: true; config: LocalConfig } | { ok: false; problems: string[] } {
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const problems: string[] = []
  const options = check(optionSchema, readOptions(argv, problems), problems)
  const given = check(variables, env, problems)
  if (given?.KALSHI_WS_URL !== undefined) missingExchange(given, problems)
  else if (given !== null) strayExchange(given, problems)
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
      exchange:
        given.KALSHI_WS_URL === undefined
          ? { kind: 'simulated', args: simulatorArguments(options) }
          : { kind: 'given', env: kalshiVariables(given) },
    },
  }
}

function readOptions(argv: readonly string[], problems: string[]): Record<string, unknown> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    port: text,
    data: text,
    fresh: flag,
    markets: text,
    rate: text,
    seed: text,
    replay: text,
    json: flag,
  }
  try {
    const { values } = parseArgs({ args: [...argv], options })
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [`--${name}`, value]))
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error))
    return {}
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

type Given = z.infer<typeof variables>

function missingExchange(given: Given, problems: string[]): void {
  for (const name of ['KALSHI_REST_URL', 'KALSHI_KEY_ID'] as const) {
    if (given[name] === undefined) problems.push(`${name}: must be set beside KALSHI_WS_URL`)
  }
  if (given.KALSHI_PRIVATE_KEY === undefined && given.KALSHI_PRIVATE_KEY_FILE === undefined) {
    problems.push('KALSHI_PRIVATE_KEY or KALSHI_PRIVATE_KEY_FILE: must be set beside KALSHI_WS_URL')
  }
}

function strayExchange(given: Given, problems: string[]): void {
  if (given.KALSHI_REST_URL !== undefined) {
    problems.push('KALSHI_REST_URL: set without KALSHI_WS_URL; set both, or neither')
  }
}

function kalshiVariables(given: Given): Record<string, string> {
  const names = [
    'KALSHI_WS_URL',
    'KALSHI_REST_URL',
    'KALSHI_KEY_ID',
    'KALSHI_PRIVATE_KEY',
    'KALSHI_PRIVATE_KEY_FILE',
  ] as const
  return Object.fromEntries(names.flatMap((name) => (given[name] ? [[name, given[name]]] : [])))
}

function simulatorArguments(options: z.infer<typeof optionSchema>): string[] {
  const { '--replay': replay, '--seed': seed } = options
  const source =
    replay === undefined
      ? ['--markets', String(options['--markets']), '--rate', String(options['--rate'])]
      : ['--replay', replay]
  return [...source, ...(seed === undefined ? [] : ['--seed', String(seed)])]
}
