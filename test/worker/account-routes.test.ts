import { env } from 'cloudflare:workers'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { blockedRecordName, keyRecordName } from '#core/key-record'
import { accountStub } from '../../worker/account/account-stub.ts'
import { changeAccount, makeAccount, makeKey } from './accounts.ts'
import { errorOf } from './api.ts'
import { codeOf, Edge, rateOf } from './edge.ts'
import { fillStore, MARKET } from './filled-store.ts'
import { LaggingKv } from './lagging-kv.ts'

const BOOK = `/v1/markets/${MARKET}/orderbook?at=2026-11-21T17:00:00.250000Z`

beforeAll(fillStore)

type Usage = {
  readonly total: Record<string, number>
  readonly rows: readonly {
    readonly hour_us: number | null
    readonly key: string | null
    readonly route: string | null
    readonly requests: number
    readonly failed: number
    readonly credits: number
  }[]
}

test('a key of any scope is told whose it is and what may be done; usage takes the scope account', async () => {
  const account = await makeAccount('starter')
  const edge = new Edge()
  for (const scope of ['live', 'history', 'account']) {
    const { key, keyId } = await makeKey(account.accountId, { scopes: [scope] })
    const who = await edge.call('/v1/whoami', key)
    expect(who.body['data']).toEqual({
      account: account.accountId,
      plan: 'starter',
      key: { id: keyId, name: 'of a test', scopes: [scope], expires_ts: null },
    })
    expect(who.headers.get('X-Credits-Cost')).toBe('0')
    expect((await edge.call('/v1/limits', key)).status).toBe(200)
    const usage = await edge.call('/v1/usage', key)
    expect(codeOf(usage)).toBe(scope === 'account' ? '200' : 'forbidden')
  }
})

test('the limits are those of the plan, of terms of its own, and what is left of them', async () => {
  const account = await makeAccount('free', { credits: 100 })
  const edge = new Edge()
  // Not a book of long ago, which this plan does not read for ever.
  await edge.call('/v1/markets?limit=1', account.key)
  const { body } = await edge.call('/v1/limits', account.key)
  expect(body['data']).toMatchObject({
    plan: 'free',
    requests: { per_second: 5, burst: 10 },
    streams: { connections: 1, open: 0, markets: 10 },
    history_days: 30,
    streamed_range_days: 1,
    credits: { included: 100, used: 1, reserved: 0, left: 99, overage: 0, overage_cap: 0 },
    key: { month_cap: null, used: 1 },
  })
})

test('usage is told by hour, key and route, failures apart, and counts nothing twice when it is written down', async () => {
  const account = await makeAccount('pro')
  const second = await makeKey(account.accountId)
  const edge = new Edge()
  await edge.call(BOOK, account.key)
  await edge.call(BOOK, account.key)
  await edge.call('/v1/markets/NO-SUCH', account.key)
  await edge.call(BOOK, second.key)
  const read = async (query: string) =>
    (await edge.call(`/v1/usage${query}`, account.key)).body['data'] as Usage
  const byRoute = await read('?by=route')
  const book = byRoute.rows.find(({ route }) => route === '/v1/markets/{ticker}/orderbook')
  expect(book).toMatchObject({ hour_us: null, key: null, requests: 3, failed: 0, credits: 3 })
  const missing = byRoute.rows.find(({ route }) => route === '/v1/markets/{ticker}')
  expect(missing).toMatchObject({ requests: 1, failed: 1, credits: 0 })
  const byKey = await read('?by=key')
  expect(byKey.rows.find(({ key }) => key === second.keyId)).toMatchObject({ credits: 1 })
  const byHour = await read('')
  expect(byHour.total).toMatchObject({ credits: 3, failed: 1 })
  const written = async () => {
    await accountStub(env, account.accountId).closeDue()
    return (await read('?by=all')).total
  }
  expect(await written()).toMatchObject({ credits: 3, failed: 1 })
  expect(await written()).toMatchObject({ credits: 3, failed: 1 })
})

test('usage of too long a time, and of none, is refused', async () => {
  const { key } = await makeAccount('pro')
  const edge = new Edge()
  const long = await edge.call('/v1/usage?from=2026-01-01T00:00:00Z', key)
  expect([codeOf(long), errorOf(long).param]).toEqual(['range_too_large', 'from'])
  expect(codeOf(await edge.call('/v1/usage?by=day', key))).toBe('invalid_param')
})

test('usage and limits are 503 while the object of an account cannot be reached', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const account = await makeAccount('pro')
  const away = () => Promise.reject(new Error('it is not there'))
  const ACCOUNT = { getByName: () => ({ spend: away, settle: away, limits: away, usage: away }) }
  const edge = new Edge({ ACCOUNT: ACCOUNT as never })
  for (const path of ['/v1/limits', '/v1/usage']) {
    expect(codeOf(await edge.call(path, account.key))).toBe('upstream_degraded')
  }
  vi.restoreAllMocks()
})

test('an account that is blocked for a flood is refused without being asked, until the block ends; others are never looked up', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const account = await makeAccount('free', { requestsPerS: 1 })
  const kv = new LaggingKv(0)
  const record = { v: 1, until_ms: Date.now() + 10_000, code: 'rate_limited' }
  await kv.put(blockedRecordName(account.accountId), JSON.stringify(record))
  const edge = new Edge({ KEYS: kv.binding })
  const codes: string[] = []
  for (let i = 0; i < 3; i++) codes.push(codeOf(await edge.call('/v1/nowhere', account.key)))
  expect(codes).toEqual(['not_found', 'not_found', 'rate_limited'])
  expect(kv.reads.blocked).toBe(1)
  // Its account would let it in by now: it is not asked.
  await changeAccount(
    account,
    (sql) =>
      sql`update kb.accounts set terms = '{"requestsPerS":1000}' where id = ${account.accountId}`,
  )
  const blocked = await edge.call('/v1/nowhere', account.key)
  expect(codeOf(blocked)).toBe('rate_limited')
  expect(Number(blocked.headers.get('Retry-After'))).toBeGreaterThan(3)
  expect(rateOf(blocked)).toMatchObject({ policy: 'plan', r: 0 })
  vi.setSystemTime(Date.now() + 10_001)
  expect(codeOf(await edge.call('/v1/nowhere', account.key))).toBe('not_found')
})

test('a key of another account reads that account alone', async () => {
  const [mine, other] = [await makeAccount('pro'), await makeAccount('starter')]
  const kv = new LaggingKv(0)
  // Even when the edge has it mixed up, the object knows its own keys.
  const mixed = { v: 1, account: other.accountId, key: mine.keyId, rev: 1, plan: 'pro' }
  const rest = { scopes: ['live'], expires_us: null, revoked_us: null }
  await kv.put(keyRecordName(mine.hash), JSON.stringify({ ...mixed, ...rest }))
  const answer = await new Edge({ KEYS: kv.binding }).call('/v1/whoami', mine.key)
  expect(codeOf(answer)).toBe('unauthorized')
})
