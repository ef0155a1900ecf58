import { expect, test } from 'vitest'
import { readCollectorConfig } from '../../collector/config.ts'

const good = {
  KALSHI_WS_URL: 'wss://x.test/trade-api/ws/v2',
  KALSHI_REST_URL: 'https://x.test/trade-api/v2',
  KALSHI_KEY_ID: 'id',
  KALSHI_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----\\nnone\\n-----END PRIVATE KEY-----',
  COLLECTOR_DATABASE_URL: 'postgres://kb_collector@127.0.0.1/kb',
  FEED_URL: 'wss://x.test/internal/feed',
  FEED_TOKEN: 'sixteen characters',
  FEED_SHARDS: '8',
  FEED_ENV: 'test',
  SPOOL_DIR: '/spool',
}

test('a key pasted into one line gets its line ends back', () => {
  const read = readCollectorConfig(good)
  expect(read).toMatchObject({ ok: true, config: { FEED_SHARDS: 8, WATERMARK_EVERY_MS: 200 } })
  expect(read.ok && read.config.privateKey.split('\n')).toHaveLength(3)
})

test('every missing variable is named at once', () => {
  const read = readCollectorConfig({})
  const named = read.ok ? [] : read.problems.map((problem) => problem.split(':')[0])
  expect(named).toEqual([
    'KALSHI_WS_URL',
    'KALSHI_REST_URL',
    'KALSHI_KEY_ID',
    'COLLECTOR_DATABASE_URL',
    'FEED_URL',
    'FEED_TOKEN',
    'FEED_SHARDS',
    'FEED_ENV',
    'SPOOL_DIR',
    'KALSHI_PRIVATE_KEY or KALSHI_PRIVATE_KEY_FILE',
  ])
})

test.each([
  ['KALSHI_WS_URL', 'https://x.test'],
  ['COLLECTOR_DATABASE_URL', 'x'],
  ['FEED_TOKEN', 'short'],
  ['FEED_SHARDS', '0'],
  ['WATERMARK_EVERY_MS', '501'],
  ['RECORD_BATCH', '20000'],
  ['HTTP_PORT', '70000'],
  ['RETAIN_SEGMENT_DAYS', '-1'],
  ['RETAIN_TRADE_DAYS', '1'],
  ['RETAIN_QUOTE_DAYS', '7.5'],
  ['ADMIN_TOKEN', 'short'],
  ['LOG_LEVEL', 'loud'],
  ['LEASE_MS', '3999'],
  ['LEASE_TAKEOVER_MS', '6000'],
  ['KALSHI_PRIVATE_KEY', 'no PEM'],
  ['KALSHI_PRIVATE_KEY_FILE', '/no/such/file'],
])('%s=%s is refused by name, and its value is not shown', (name, value) => {
  const read = readCollectorConfig({ ...good, [name]: value })
  expect(read.ok).toBe(false)
  const problems = read.ok ? '' : read.problems.join('\n')
  expect(problems).toContain(name)
  if (name.includes('KEY') || name.includes('TOKEN')) expect(problems).not.toContain(`: ${value}`)
})

test('without a port nothing is served, and 0 is a port', () => {
  const portOf = (HTTP_PORT: string) => {
    const read = readCollectorConfig({ ...good, HTTP_PORT })
    return read.ok ? read.config.HTTP_PORT : read.problems
  }
  expect(portOf('')).toBeUndefined()
  expect(portOf('0')).toBe(0)
})

test('all that is recorded is kept, unless days are named', () => {
  const retentionOf = (env: Record<string, string>) => {
    const read = readCollectorConfig({ ...good, ...env })
    if (!read.ok) return read.problems
    const { RETAIN_SEGMENT_DAYS, RETAIN_TRADE_DAYS, RETAIN_QUOTE_DAYS } = read.config
    return [RETAIN_SEGMENT_DAYS, RETAIN_TRADE_DAYS, RETAIN_QUOTE_DAYS]
  }
  expect(retentionOf({})).toEqual([0, 0, 0])
  const some = { RETAIN_SEGMENT_DAYS: '', RETAIN_TRADE_DAYS: '2', RETAIN_QUOTE_DAYS: '365' }
  expect(retentionOf(some)).toEqual([0, 2, 365])
})
