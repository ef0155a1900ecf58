import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, expect, test, vi } from 'vitest'
import { makeApp } from '../../worker/app.ts'
import type { Env } from '../../worker/env.ts'
import { errorOf } from './api.ts'
import { storeMarket } from './store.ts'

const T = 'AWAY-26NOV22-T1'
const AWAY = { connectionString: 'postgres://kb_reader@127.0.0.1:1/none' } as Hyperdrive
const FEED = { Authorization: 'Bearer the-feed-token-of-tests', Upgrade: 'websocket' }

beforeAll(async () => {
  await storeMarket(T)
})

/** Calls the Worker with some of its bindings changed or missing. */
async function callWith(changed: Partial<Env>, path: string, headers: Record<string, string> = {}) {
  const ctx = createExecutionContext()
  const request = new Request(`https://kalshibook.test${path}`, {
    headers: { 'X-API-Key': env.TEST_KEYS.good, ...headers },
  })
  const response = await makeApp().fetch(request, { ...env, ...changed }, ctx)
  await waitOnExecutionContext(ctx)
  const body = (await response.json()) as Record<string, unknown>
  return { status: response.status, headers: response.headers, body }
}

const PATHS = ['', '/orderbook', '/orderbook?at=2026-11-01T00:00:00Z', '/deltas', '/gaps']

test.each([
  ['HYPERDRIVE_READER', AWAY],
  ['HYPERDRIVE_ACCOUNT', AWAY],
  ['HYPERDRIVE_READER', undefined],
  ['HYPERDRIVE_ACCOUNT', undefined],
])(
  'while Postgres is away behind %s, %j, every read is 503 and none is 500',
  async (name, value) => {
    for (const path of ['/v1/markets', ...PATHS.map((rest) => `/v1/markets/${T}${rest}`)]) {
      const answer = await callWith({ [name]: value }, path)
      expect(answer.status, path).toBe(503)
      expect(answer.headers.get('Retry-After')).toBe('1')
      expect(errorOf(answer)).toMatchObject({ code: 'upstream_degraded', retry_after_ms: 1000 })
    }
  },
)

test('the status answers while Postgres is away, and says so', async () => {
  const answer = await callWith({ HYPERDRIVE_READER: AWAY }, '/v1/status')
  expect(answer.status).toBe(200)
  expect(answer.body['data']).toMatchObject({ feed: 'down', record: null })
})

test('without the pepper no key can be checked; what needs none still answers', async () => {
  const answer = await callWith({ KEY_PEPPER_V1: '' }, '/v1/markets')
  expect(answer.status).toBe(503)
  expect(errorOf(answer).code).toBe('upstream_degraded')
  expect((await callWith({ KEY_PEPPER_V1: '' }, '/v1/status')).status).toBe(200)
})

test('without the cursor secret no list is given, and a book is', async () => {
  const changed = { CURSOR_SECRET_V1: '' }
  expect((await callWith(changed, '/v1/markets')).status).toBe(503)
  expect((await callWith(changed, `/v1/markets/${T}/deltas`)).status).toBe(503)
  expect((await callWith(changed, `/v1/markets/${T}`)).status).toBe(200)
})

test('without its token or the number of shards there is no feed', async () => {
  for (const changed of [{ FEED_TOKEN: '' }, { FEED_SHARDS: 'many' }]) {
    const answer = await callWith(changed, '/internal/feed/0', FEED)
    expect(answer.status).toBe(503)
    expect(errorOf(answer).code).toBe('upstream_degraded')
  }
})

/** Live objects of which each call fails. */
function failing(error: Error): Partial<Env> {
  const broken = {
    getByName: () => ({ book: () => Promise.reject(error) }),
  }
  return { MARKET_BOOK: broken as unknown as Env['MARKET_BOOK'] }
}

test('a fault of ours is 500 and tells nothing, neither the caller nor the log', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const changed = failing(new TypeError('a row of the database'))
  const answer = await callWith(changed, `/v1/markets/${T}/orderbook`)
  expect(answer.status).toBe(500)
  expect(errorOf(answer)).toMatchObject({ code: 'internal' })
  const said = JSON.stringify([answer.body, log.mock.calls])
  expect(said).toContain('TypeError')
  expect(said).not.toContain('row')
  log.mockRestore()
})

test('an object that is restarting is 503', async () => {
  const changed = failing(Object.assign(new Error('reset'), { retryable: true }))
  const answer = await callWith(changed, `/v1/markets/${T}/orderbook`)
  expect(answer.status).toBe(503)
  expect(errorOf(answer)).toMatchObject({ code: 'upstream_degraded' })
})
