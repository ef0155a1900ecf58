import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { readLocalConfig } from '../../local/config.ts'

const problemsOf = (argv: string[], env: Record<string, string> = {}) => {
  const read = readLocalConfig(argv, env)
  return read.ok ? [] : read.problems
}

test('without options everything is ours: an exchange, a Postgres, port 8787', () => {
  const read = readLocalConfig([], {})
  expect(read).toMatchObject({
    ok: true,
    config: {
      port: 8787,
      dataDir: '.data',
      fresh: false,
      databaseUrl: null,
      exchange: { kind: 'simulated', args: ['--markets', '40', '--rate', '100'] },
    },
  })
})

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const exchange = {
  KALSHI_WS_URL: 'wss://x.test/trade-api/ws/v2',
  KALSHI_REST_URL: 'https://x.test/trade-api/v2',
  KALSHI_KEY_ID: 'id',
  KALSHI_PRIVATE_KEY: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
}

const supabase = {
  SUPABASE_URL: 'https://x.test',
  SUPABASE_PUBLISHABLE_KEY: 'the-publishable-one',
  SUPABASE_SECRET_KEY: 'the-secret-one',
}
const stripe = {
  STRIPE_SECRET_KEY: 'the-secret-one',
  STRIPE_WEBHOOK_SECRET: 'of-webhooks',
  STRIPE_METER_WEBHOOK_SECRET: 'of-meter-errors',
}
/** Half a set. */
const without = (set: Record<string, string>, index: number) =>
  Object.fromEntries(Object.entries(set).filter((_, at) => at !== index))

test('a given exchange is used with its key, and no simulator starts', () => {
  const read = readLocalConfig([], { ...exchange, KALSHI_PRIVATE_KEY_FILE: '' })
  expect(read).toMatchObject({ ok: true })
  expect(read.ok && read.config.exchange).toEqual({ kind: 'given', env: exchange })
})

test('a given Supabase and a given Stripe are used, whole, and nothing stands in for them', () => {
  const configOf = (env: Record<string, string>) => {
    const read = readLocalConfig([], env)
    return read.ok ? { supabase: read.config.supabase, stripe: read.config.stripe } : read.problems
  }
  expect(configOf({})).toEqual({ supabase: { kind: 'stand-in' }, stripe: { kind: 'stand-in' } })
  expect(configOf(supabase)).toEqual({
    supabase: { kind: 'given', env: supabase },
    stripe: { kind: 'stand-in' },
  })
  expect(configOf({ ...supabase, ...stripe })).toEqual({
    supabase: { kind: 'given', env: supabase },
    stripe: { kind: 'given', env: stripe },
  })
})

test('without an exchange, a stray key in the shell does no harm', () => {
  expect(problemsOf([], { KALSHI_KEY_ID: 'id', KALSHI_PRIVATE_KEY_FILE: '/nowhere.pem' })).toEqual(
    [],
  )
})

test('what npm start makes itself may be anything in the shell', () => {
  const ours = { COLLECTOR_DATABASE_URL: 'x', FEED_URL: 'x', FEED_TOKEN: 'x', FEED_ENV: 'x' }
  expect(problemsOf([], { ...exchange, ...ours })).toEqual([])
})

test('an empty variable counts as not set', () => {
  expect(problemsOf([], { KALSHI_WS_URL: '', DATABASE_URL: '' })).toEqual([])
})

test.each([
  ['a port that is none', ['--port', '70000'], {}, '--port'],
  ['a port that is no number', ['--port', '80x'], {}, '--port'],
  ['a rate below zero', ['--rate=-1'], {}, '--rate'],
  ['a recording that is not there', ['--replay', '/nowhere.jsonl'], {}, '--replay'],
  ['an option that we do not have', ['--speed', '3'], {}, '--speed'],
  ['a word that belongs to nothing', ['now'], {}, 'now'],
  ['another kind of database', [], { DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'],
  ['no shards', [], { FEED_SHARDS: '0' }, 'FEED_SHARDS'],
  ['a REST address alone', [], { KALSHI_REST_URL: 'https://x' }, 'KALSHI_REST_URL'],
  ['a batch that is no number', [], { RECORD_BATCH: 'abc' }, 'RECORD_BATCH'],
  ['a watermark too seldom', [], { WATERMARK_EVERY_MS: '9999' }, 'WATERMARK_EVERY_MS'],
  ['a silence that is no number', [], { FEED_SILENT_MS: 'long' }, 'FEED_SILENT_MS'],
  ['free watches that are no number', [], { FREE_WATCHES: 'many' }, 'FREE_WATCHES'],
  ['a linger that is no number', [], { GATEWAY_LINGER_MS: '-1' }, 'GATEWAY_LINGER_MS'],
  ['a token too short', [], { FEED_TOKEN_NEXT: 'short' }, 'FEED_TOKEN_NEXT'],
  ['no address', [], { ...exchange, KALSHI_WS_URL: 'nonsense' }, 'KALSHI_WS_URL'],
  ['a socket for REST', [], { ...exchange, KALSHI_REST_URL: 'ws://x' }, 'KALSHI_REST_URL'],
  ['a Supabase without its secret', [], without(supabase, 2), 'SUPABASE_SECRET_KEY'],
  ['a Supabase that is nowhere', [], without(supabase, 0), 'SUPABASE_URL'],
  ['no address of Supabase', [], { ...supabase, SUPABASE_URL: 'ftp://x' }, 'SUPABASE_URL'],
  ['a Stripe without its key', [], without(stripe, 0), 'STRIPE_SECRET_KEY'],
  ['a Stripe whose webhooks anybody makes', [], without(stripe, 1), 'STRIPE_WEBHOOK_SECRET'],
  ['no PEM', [], { ...exchange, KALSHI_PRIVATE_KEY: 'none' }, 'KALSHI_PRIVATE_KEY'],
  ['two keys', [], { ...exchange, KALSHI_PRIVATE_KEY_FILE: '/x' }, 'KALSHI_PRIVATE_KEY_FILE'],
  [
    'a key that cannot be read',
    [],
    { ...exchange, KALSHI_PRIVATE_KEY: '', KALSHI_PRIVATE_KEY_FILE: '/nowhere.pem' },
    'KALSHI_PRIVATE_KEY_FILE',
  ],
] as const)('%s is refused by name', (_what, argv, env, name) => {
  const problems = problemsOf([...argv], env)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(name)
})

test('every problem is named at once', () => {
  const wrong = { KALSHI_WS_URL: 'x', DATABASE_URL: 'x', FEED_SHARDS: 'x', RECORD_BATCH: '0' }
  const problems = problemsOf(['--port', '0', '--markets', 'x'], wrong)
  expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
    '--markets',
    '--port',
    'DATABASE_URL',
    'FEED_SHARDS',
    'KALSHI_KEY_ID',
    'KALSHI_PRIVATE_KEY or KALSHI_PRIVATE_KEY_FILE',
    'KALSHI_REST_URL',
    'KALSHI_WS_URL',
    'RECORD_BATCH',
  ])
})
