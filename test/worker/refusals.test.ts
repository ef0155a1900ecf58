import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { call, errorOf } from './api.ts'
import { setWatermark, storeMarket } from './store.ts'

const T = 'REFUSED-26NOV22-T1.5'
const BOOK = `/v1/markets/${T}/orderbook`
const DELTAS = `/v1/markets/${T}/deltas`
const GAPS = `/v1/markets/${T}/gaps`

beforeAll(async () => {
  await storeMarket(T)
  await setWatermark(null)
})

const WRONG_PARAMS: readonly [string, string][] = [
  [`${BOOK}?surprise=1`, 'surprise'],
  [`${BOOK}?__proto__=1`, '__proto__'],
  [`${BOOK}?api_key=kb_live_1`, 'api_key'],
  [`${BOOK}?depth=1&depth=1`, 'depth'],
  [`${BOOK}?depth=0`, 'depth'],
  [`${BOOK}?depth=-1`, 'depth'],
  [`${BOOK}?depth=1.5`, 'depth'],
  [`${BOOK}?depth=1e2`, 'depth'],
  [`${BOOK}?depth=1001`, 'depth'],
  [`${BOOK}?depth=`, 'depth'],
  [`${BOOK}?at=yesterday`, 'at'],
  [`${BOOK}?at=2026-11-22`, 'at'],
  [`${BOOK}?at=2026-11-22T10:00:00`, 'at'],
  [`${BOOK}?at=123`, 'at'],
  [`${BOOK}?at=2999-01-01T00:00:00Z`, 'at'],
  [`${BOOK}?at=2200-01-01T00:00:00Z`, 'at'],
  [`${BOOK}?at_seq=-1`, 'at_seq'],
  [`${BOOK}?at_seq=x`, 'at_seq'],
  [`${BOOK}?at_seq=9007199254740993`, 'at_seq'],
  [`${BOOK}?at=2026-11-22T10:00:00Z&at_seq=1`, 'at_seq'],
  [`${BOOK}?view=both`, 'view'],
  [`${BOOK}?stale=yes`, 'stale'],
  [`/v1/markets/${T}?at=1`, 'at'],
  [`/v1/markets/${'x'.repeat(129)}`, 'ticker'],
  ['/v1/markets/a%20b/orderbook', 'ticker'],
  ['/v1/markets/a%zz/orderbook', 'ticker'],
  ['/v1/markets/a%2Fb/deltas', 'ticker'],
  ['/v1/markets/%00/gaps', 'ticker'],
  [`${DELTAS}?limit=0`, 'limit'],
  [`${DELTAS}?limit=10001`, 'limit'],
  [`${DELTAS}?from=soon`, 'from'],
  [`${DELTAS}?from=2200-01-01T00:00:00Z`, 'from'],
  [`${DELTAS}?from=2026-11-22T10:00:00Z&to=2026-11-22T10:00:00Z`, 'to'],
  [`${DELTAS}?after_seq=1.0`, 'after_seq'],
  [`${DELTAS}?cursor=abc`, 'cursor'],
  [`${DELTAS}?at=1795345898631376`, 'at'],
  [`${GAPS}?to=never`, 'to'],
  [`${GAPS}?cursor=`, 'cursor'],
  [`${GAPS}?after_seq=1`, 'after_seq'],
  ['/v1/markets?status=open', 'status'],
  ['/v1/markets?series=a%20b', 'series'],
  ['/v1/markets?q=x', 'q'],
  ['/v1/status?verbose=1', 'verbose'],
  [`/v1/markets/${T}/stream`, 'Upgrade'],
]

test.each(WRONG_PARAMS)('%s is refused and %s is named', async (path, param) => {
  const answer = await call(path)
  expect(answer.status).toBe(422)
  expect(errorOf(answer)).toMatchObject({ code: 'invalid_param', param })
})

test.each([
  '/',
  '/v1',
  '/v1/nowhere',
  '/v1/markets/',
  `/v1/markets/${T}/orderbooks`,
  '/v2/markets',
  '/internal/feed',
])('%s is nowhere', async (path) => {
  const answer = await call(path)
  expect(answer.status).toBe(404)
  expect(errorOf(answer).code).toBe('not_found')
})

test.each(['', '/orderbook', '/orderbook?at=2026-01-01T00:00:00Z', '/deltas', '/gaps'])(
  'an unknown market has no %s',
  async (path) => {
    const answer = await call(`/v1/markets/NO-SUCH-T1${path}`)
    expect(answer.status).toBe(404)
    expect(errorOf(answer)).toMatchObject({ code: 'not_found' })
  },
)

test('an unknown market has no stream', async () => {
  const answer = await call('/v1/markets/NO-SUCH-T1/stream', {
    'X-API-Key': env.TEST_KEYS.good,
    Upgrade: 'websocket',
  })
  expect(answer.status).toBe(404)
  expect(errorOf(answer).code).toBe('not_found')
})

test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])(
  '%s is refused, and what is allowed is said',
  async (method) => {
    for (const path of ['/v1/markets', BOOK, '/v1/status', '/internal/feed/0']) {
      const answer = await call(path, { 'X-API-Key': env.TEST_KEYS.good }, method)
      expect(answer.status).toBe(405)
      expect(answer.headers.get('Allow')).toBe('GET')
      expect(answer.headers.get('X-Request-Id')).toMatch(/^req_/)
      if (method !== 'HEAD') expect(errorOf(answer).code).toBe('method_not_allowed')
    }
  },
)

test('a page of another origin may ask, without credentials, under /v1 alone', async () => {
  const headers = { 'Access-Control-Request-Method': 'GET', Origin: 'https://x.test' }
  const preflight = await call('/v1/markets', headers, 'OPTIONS')
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('Access-Control-Allow-Origin')).toBe('*')
  expect(preflight.headers.get('Access-Control-Allow-Credentials')).toBeNull()
  const refusal = await call('/v1/markets', {})
  expect(refusal.headers.get('Access-Control-Allow-Origin')).toBe('*')
  const elsewhere = await call('/nowhere')
  expect(elsewhere.headers.get('Access-Control-Allow-Origin')).toBeNull()
})

test('a request id is ours, never the caller’s, and no answer may be kept', async () => {
  const answer = await call('/v1/status', { 'X-Request-Id': 'req_mine' })
  expect(answer.headers.get('X-Request-Id')).toMatch(/^req_[0-9a-f]{32}$/)
  expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
})
