import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { makeApiKey } from '#core/api-key'
import type { Micros } from '#core/instant'
import { keyRecordName } from '#core/key-record'
import { type BookRecord, type Epoch, type Level, seqOf } from '#core/log'
import { changeAccount, limitsOf, makeAccount, makeKey, type TestAccount } from './accounts.ts'
import { call } from './api.ts'
import { codeOf, Edge, rateOf } from './edge.ts'
import { gatheredAccounts } from './gathered-accounts.ts'
import { LaggingKv } from './lagging-kv.ts'
import { setWatermark, storeMarket, storeRecords } from './store.ts'

const S = 1_000_000
/** So long ago that some plans do not read it: nothing is read before the account's word is heard. */
const START = (Math.floor(Date.now() / 1000) * S - 40 * 86_400 * S) as Micros
const LAG_MS = 90_000
const TICKERS = [1, 2, 3, 4, 5].map((n) => `GATE-26NOV22-T${n}`)
/** Costs 5. */
const BOOKS = `/v1/orderbooks?tickers=${TICKERS.join()}&at=${START + 50 * S}`
const BOOK = `/v1/markets/${TICKERS[0]}/orderbook?at=${START + 50 * S}`

beforeAll(async () => {
  for (const ticker of TICKERS) {
    const level = [420_000, 1000] as unknown as Level
    const snapshot: BookRecord = {
      kind: 'snapshot',
      seq: seqOf(1 as Epoch, 0),
      recv: START,
      event: null,
      reason: 'first',
      yes: [level],
      no: [],
    }
    await storeRecords(await storeMarket(ticker), [snapshot])
  }
  await setWatermark((START + 100 * S) as Micros)
})

/** A KV that knows the key of an account, as it is written now. */
async function kvOf(account: TestAccount, plan: string, over = {}): Promise<LaggingKv> {
  const kv = new LaggingKv(LAG_MS)
  const record = {
    v: 1,
    account: account.accountId,
    key: account.keyId,
    rev: 1,
    scopes: ['live', 'history', 'account'],
    plan,
    expires_us: null,
    revoked_us: null,
    ...over,
  }
  await kv.put(keyRecordName(account.hash), JSON.stringify(record))
  kv.pass(LAG_MS)
  return kv
}

test('300 requests at once of cost 5 with 1,000 credits left: 200 succeed, whatever the isolates, with a KV that lags', async () => {
  const account = await makeAccount('pro', { credits: 1000, requestsPerS: 100_000 })
  const kv = await kvOf(account, 'pro')
  const changed = { ACCOUNT: gatheredAccounts(300, 20), ACCOUNT_MS: '30000', KEYS: kv.binding }
  const edges = Array.from({ length: 6 }, () => new Edge(changed))
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, i) => edges[i % 6]?.call(BOOKS, account.key)),
  )
  const codes = answers.map((answer) => answer && codeOf(answer))
  expect(Object.groupBy(codes, (code) => code ?? '')).toEqual({
    '200': Array(200).fill('200'),
    quota_exceeded: Array(100).fill('quota_exceeded'),
  })
  const refused = answers.filter((answer) => answer?.status === 402)
  for (const answer of refused) {
    expect(answer?.headers.get('X-Credits-Cost')).toBe('0')
    expect(answer?.headers.get('ETag')).toBeNull()
  }
  expect(await limitsOf(account)).toMatchObject({ used: 1000, held: 0, left: 0 })
}, 60_000)

test('a revocation takes effect on the next request, while KV and the isolate still know the key', async () => {
  const account = await makeAccount('pro')
  const edge = new Edge({ KEYS: (await kvOf(account, 'pro')).binding })
  expect(codeOf(await edge.call(BOOK, account.key))).toBe('200')
  await changeAccount(
    account,
    (sql) => sql`
      update kb.api_keys set revoked_us = ${Date.now() * 1000}, rev = rev + 1
      where id = ${account.keyId}`,
  )
  const answer = await edge.call(BOOK, account.key)
  expect(codeOf(answer)).toBe('key_revoked')
  expect(answer.headers.get('X-Credits-Cost')).toBe('0')
})

test('a key that its account does not let in is told nothing of how the account stands', async () => {
  const account = await makeAccount('pro')
  const kv = await kvOf(account, 'pro', { account: crypto.randomUUID() })
  const answer = await new Edge({ KEYS: kv.binding }).call(BOOK, account.key)
  expect(codeOf(answer)).toBe('unauthorized')
  expect(rateOf(answer)).toMatchObject({ policy: 'address' })
  expect(answer.headers.get('X-Credits-Remaining')).toBeNull()
})

test('an upgrade takes effect on the next request, while KV still knows the old plan', async () => {
  const account = await makeAccount('free')
  const edge = new Edge({ KEYS: (await kvOf(account, 'free')).binding })
  const old = `/v1/markets/${TICKERS[0]}/orderbook?at=2026-01-05T00:00:00Z`
  expect(codeOf(await edge.call(old, account.key))).toBe('forbidden')
  const before = rateOf(await edge.call('/v1/limits', account.key))
  expect(before).toMatchObject({ policy: 'plan', q: 10, w: 2 })
  await changeAccount(
    account,
    (sql) => sql`
      insert into kb.plan_changes values (${account.accountId}, 2, 'scale', ${account.keyId}, 2)`,
  )
  expect(codeOf(await edge.call(old, account.key))).toBe('range_not_covered')
  expect(rateOf(await edge.call('/v1/limits', account.key))).toMatchObject({ q: 600, w: 2 })
})

test('a key that has expired is refused by our clock, whatever KV says of it', async () => {
  const account = await makeAccount('pro')
  const kv = await kvOf(account, 'pro', { expires_us: 2 })
  const edge = new Edge({ KEYS: kv.binding })
  expect(codeOf(await edge.call(BOOK, account.key))).toBe('unauthorized')
})

test.each([
  ['cannot be read', 'no JSON'],
  ['is of another version', JSON.stringify({ v: 2, account: 'x' })],
  ['is missing', null],
])('where what KV holds of a key %s, Postgres is asked', async (_, text) => {
  const account = await makeAccount('pro')
  const kv = new LaggingKv(0)
  if (text !== null) await kv.put(keyRecordName(account.hash), text)
  expect(codeOf(await new Edge({ KEYS: kv.binding }).call(BOOK, account.key))).toBe('200')
})

test.each([
  ['fails', () => Promise.reject(new Error('KV is away'))],
  ['never answers', () => new Promise(() => {})],
])('while KV %s, Postgres is asked', async (_, get) => {
  const account = await makeAccount('pro')
  const broken = { get }
  const edge = new Edge({ KEYS: broken as unknown as KVNamespace })
  expect(codeOf(await edge.call(BOOK, account.key))).toBe('200')
})

test('a key is read from KV once in five seconds, and whether its account is blocked never while nothing is refused', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const account = await makeAccount('pro')
  const kv = await kvOf(account, 'pro')
  const edge = new Edge({ KEYS: kv.binding })
  for (let i = 0; i < 5; i++) await edge.call(BOOK, account.key)
  expect(kv.reads).toEqual({ key: 1, blocked: 0 })
})

test('what fails costs no credits and takes part of the rate; every answer says so', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const account = await makeAccount('pro', { requestsPerS: 1, credits: 100 })
  const edge = new Edge()
  const faults: string[] = []
  const paths: [string, number, Record<string, string>?][] = [
    ['/v1/nowhere', 404],
    [`${BOOK}&depth=0`, 422],
  ]
  for (const [path, status, headers] of paths) {
    const answer = await edge.call(path, account.key, headers)
    const { q, r, w } = rateOf(answer)
    if (answer.status !== status) faults.push(`${path}: ${answer.status}`)
    if (answer.headers.get('X-Credits-Cost') !== '0') faults.push(`${path} costs`)
    if (answer.headers.get('X-Credits-Remaining') !== '100') faults.push(`${path}: remaining`)
    if (q !== 2 || w !== 2 || r >= 2) faults.push(`${path}: ${r} of ${q} in ${w}`)
  }
  expect(faults).toEqual([])
  const refused = await edge.call(BOOK, account.key)
  expect(codeOf(refused)).toBe('rate_limited')
  expect(refused.headers.get('Retry-After')).toBe('1')
  expect(rateOf(refused)).toMatchObject({ r: 0 })
  expect(refused.headers.get('X-Credits-Remaining')).toBe('100')
  expect(await limitsOf(account)).toMatchObject({ used: 0, held: 0 })
})

test('a Retry-After is true: after it the next request is answered', async () => {
  const account = await makeAccount('free')
  const edge = new Edge()
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => edge.call('/v1/nowhere', account.key)),
  )
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(0)
  const waitS = Math.max(...refused.map(({ headers }) => Number(headers.get('Retry-After'))))
  await new Promise((resolve) => setTimeout(resolve, waitS * 1000))
  expect((await edge.call('/v1/nowhere', account.key)).status).toBe(404)
})

test.each([
  ['free', 5, 4, 10, 1],
  ['free', 5, 4, 10, 20],
  ['starter', 25, 2, 6, 1],
  ['starter', 25, 2, 6, 20],
])(
  'on %s, %i requests a second, of %i times as many for %i s from %i connections what the plan allows is accepted',
  async (plan, perS, times, seconds, connections) => {
    const account = await makeAccount(plan)
    const edges = Array.from({ length: connections }, () => new Edge())
    const beginMs = Date.now()
    const all = perS * times * seconds
    const answers: number[] = []
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      for (let sent = 0; sent < all; sent += connections) {
        vi.setSystemTime(beginMs + Math.floor((sent * 1000) / (perS * times)))
        const together = edges.map((edge) => edge.call('/v1/nowhere', account.key))
        answers.push(...(await Promise.all(together)).map(({ status }) => status))
      }
    } finally {
      vi.useRealTimers()
    }
    const accepted = answers.filter((status) => status === 404).length
    expect(answers.filter((status) => status === 429)).toHaveLength(answers.length - accepted)
    const allowed = perS * (seconds - connections / (perS * times) + 2)
    expect(Math.abs(accepted - allowed) / allowed).toBeLessThanOrEqual(0.02)
  },
)

test('an answer says what it cost and what is left', async () => {
  const account = await makeAccount('pro', { credits: 100 })
  const edge = new Edge()
  const books = await edge.call(BOOKS, account.key)
  expect(books.headers.get('X-Credits-Cost')).toBe('5')
  expect(books.headers.get('X-Credits-Remaining')).toBe('95')
  const fewer = await edge.call(BOOKS.replace('T5', 'T6'), account.key)
  expect(fewer.headers.get('X-Credits-Cost')).toBe('4')
  expect(fewer.headers.get('X-Credits-Remaining')).toBe('91')
  const etag = books.headers.get('ETag') ?? ''
  const same = await edge.call(BOOKS, account.key, { 'If-None-Match': etag })
  expect(same.status).toBe(304)
  expect(same.headers.get('X-Credits-Cost')).toBe('0')
  expect(same.headers.get('X-Credits-Remaining')).toBe('91')
  expect(await limitsOf(account)).toMatchObject({ used: 9, held: 0 })
})

test('the books of an event are paid for when it is known how many they are', async () => {
  const account = await makeAccount('pro', { credits: 8 })
  const edge = new Edge()
  const path = `/v1/events/GATE-26NOV22/orderbook?at=${START + 50 * S}`
  const first = await edge.call(path, account.key)
  expect([first.status, first.headers.get('X-Credits-Cost')]).toEqual([200, '5'])
  expect(first.headers.get('X-Credits-Remaining')).toBe('3')
  expect(codeOf(await edge.call(path, account.key))).toBe('quota_exceeded')
  expect(await limitsOf(account)).toMatchObject({ used: 5, held: 0 })
})

test('a dry run judges the parameters, takes part of the rate and tells the most that the request can cost', async () => {
  const account = await makeAccount('pro', { credits: 100 })
  const edge = new Edge()
  const ndjson = { Accept: 'application/x-ndjson' }
  const market = `/v1/markets/${TICKERS[0]}`
  for (const [path, credits, headers] of [
    [BOOKS, 5],
    [`/v1/orderbooks?tickers=${TICKERS[0]}`, 1],
    ['/v1/events/NO-SUCH/orderbook', 500],
    [`${market}/deltas?limit=2500`, 3],
    [`${market}/deltas`, 1],
    [`${market}/deltas`, null, ndjson],
    [`${market}/deltas?limit=2500`, 3, ndjson],
    ['/v1/markets?limit=10000', 1],
  ] as [string, number | null, Record<string, string>?][]) {
    const dry = `${path}${path.includes('?') ? '&' : '?'}dry_run=1`
    const answer = await edge.call(dry, account.key, headers)
    expect([answer.status, answer.body['data']], path).toEqual([200, { credits }])
    expect(answer.body['meta']).toMatchObject({ credits: 0 })
    expect(answer.headers.get('X-Credits-Remaining')).toBe('100')
  }
  expect(codeOf(await edge.call(`${BOOK}&depth=0&dry_run=1`, account.key))).toBe('invalid_param')
  expect(codeOf(await edge.call(`${BOOK}&dry_run=2`, account.key))).toBe('invalid_param')
  expect(codeOf(await edge.call('/v1/whoami?dry_run=1', account.key))).toBe('invalid_param')
})

test('who is not known is told how many wrong keys his address may still try', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { key } = await makeKey((await makeAccount('pro')).accountId)
  const edge = new Edge()
  expect((await edge.call(BOOK, key)).status).toBe(200)
  const wrong = { 'CF-Connecting-IP': '2001:db8:1:2::7' }
  const nowhere = await edge.call(BOOK, 'kb_live_wrong', wrong)
  expect(nowhere.status).toBe(401)
  expect(rateOf(nowhere)).toEqual({ policy: 'address', q: 30, w: 60, r: 30, t: 0 })
  const strangers = Array.from({ length: 31 }, () =>
    makeApiKey(crypto.getRandomValues(new Uint8Array(128))),
  )
  const answers = []
  for (const stranger of strangers) {
    answers.push(await edge.call(BOOK, stranger, wrong))
  }
  expect(answers.map(({ status }) => status)).toEqual([...Array(30).fill(401), 429])
  const last = answers.at(-1)
  expect(last && rateOf(last)).toMatchObject({ policy: 'address', r: 0 })
  expect(last?.headers.get('Retry-After')).toMatch(/^[12]$/)
  // Its /64 is one address; another one is not held to account, nor is a key that is known already.
  const beside = { 'CF-Connecting-IP': '2001:db8:1:2:ffff::1' }
  const { key: unseen } = await makeKey((await makeAccount('pro')).accountId)
  expect((await edge.call(BOOK, unseen, beside)).status).toBe(429)
  expect((await edge.call(BOOK, unseen, { 'X-Forwarded-For': '1.1.1.1', ...beside })).status).toBe(
    429,
  )
  expect((await edge.call(BOOK, unseen, { 'CF-Connecting-IP': '2001:db8:1:3::1' })).status).toBe(
    200,
  )
  expect((await edge.call(BOOK, key, wrong)).status).toBe(200)
})

test('the status says how the address stands, and nothing of credits', async () => {
  const status = await call('/v1/status', {})
  expect(rateOf(status)).toMatchObject({ policy: 'address', q: 30, r: 30 })
  expect(status.headers.get('X-Credits-Remaining')).toBeNull()
})

test('pages may read all of it', async () => {
  const { headers } = await call('/v1/status', {})
  for (const name of ['X-Request-Id', 'RateLimit-Policy', 'RateLimit', 'X-Credits-Cost']) {
    expect(headers.get('Access-Control-Expose-Headers')).toContain(name)
  }
  expect(headers.get('Access-Control-Expose-Headers')).toContain('X-Credits-Remaining, ')
  expect(headers.get('Access-Control-Expose-Headers')).toContain('Retry-After')
})
