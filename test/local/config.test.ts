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

test('a given exchange is used with its key, and no simulator starts', () => {
  const env = {
    KALSHI_WS_URL: 'wss://x.test/trade-api/ws/v2',
    KALSHI_REST_URL: 'https://x.test/trade-api/v2',
    KALSHI_KEY_ID: 'id',
    KALSHI_PRIVATE_KEY_FILE: '/tmp/key.pem',
  }
  expect(readLocalConfig([], env)).toMatchObject({
    ok: true,
    config: { exchange: { kind: 'given', env } },
  })
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
] as const)('%s is refused by name', (_what, argv, env, name) => {
  const problems = problemsOf([...argv], env)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(name)
})

test('every problem is named at once', () => {
  const problems = problemsOf(['--port', '0', '--markets', 'x'], { KALSHI_WS_URL: 'wss://x' })
  expect(problems).toHaveLength(5)
})
