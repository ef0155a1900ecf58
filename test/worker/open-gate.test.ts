import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Account } from '../../worker/account/account.ts'
import { accountStub } from '../../worker/account/account-stub.ts'
import { limitsOf, makeAccount, type TestAccount } from './accounts.ts'
import { codeOf, Edge, rateOf } from './edge.ts'
import { fillStore, MARKET } from './filled-store.ts'
import { asOwner } from './store.ts'

const BOOK = `/v1/markets/${MARKET}/orderbook?at=2026-11-21T17:00:00.250000Z`
const HOUR_MS = 3_600_000

beforeAll(fillStore)
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  return () => vi.restoreAllMocks()
})

/** Account objects that do this in place of spending. */
function accounts(spend: () => Promise<never>): DurableObjectNamespace<Account> {
  const stub = { spend, settle: () => Promise.reject(new Error('it is not there')) }
  return { getByName: () => stub } as unknown as DurableObjectNamespace<Account>
}

const throwing = () => accounts(() => Promise.reject(new Error('it is not there')))

type Row = { request_id: string; credits: number; spent_us: string | null }

function journalOf({ accountId }: TestAccount): Promise<Row[]> {
  return asOwner(async (sql) => {
    const rows = await sql<Row[]>`
      select request_id, credits, spent_us from kb.gate_journal where account_id = ${accountId}
      order by at_us, request_id`
    return [...rows]
  })
}

test.each([
  ['throws', () => Promise.reject(new Error('it is not there'))],
  ['never answers', () => new Promise<never>(() => {})],
])(
  'while the object of a paid plan %s, a request of one credit goes through and is written down',
  async (_, spend) => {
    const account = await makeAccount('pro')
    const edge = new Edge({ ACCOUNT: accounts(spend), ACCOUNT_MS: '50' })
    const answer = await edge.call(BOOK, account.key)
    expect(codeOf(answer)).toBe('200')
    expect(rateOf(answer)).toMatchObject({ q: 200, w: 2, r: 199 })
    expect(answer.headers.get('X-Credits-Cost')).toBe('1')
    expect(answer.headers.get('X-Credits-Remaining')).toBeNull()
    const { request_id } = answer.body['meta'] as { request_id: string }
    expect(await journalOf(account)).toEqual([{ request_id, credits: 1, spent_us: null }])
  },
)

test('an object that has too much to do is 429, and the gate stays shut', async () => {
  const account = await makeAccount('pro')
  const busy = Object.assign(new Error('overloaded'), { overloaded: true })
  const answer = await new Edge({ ACCOUNT: accounts(() => Promise.reject(busy)) }).call(
    BOOK,
    account.key,
  )
  expect(codeOf(answer)).toBe('rate_limited')
  expect(answer.headers.get('Retry-After')).toBe('1')
  expect(await journalOf(account)).toEqual([])
})

test('an object that restarts is asked once more', async () => {
  const account = await makeAccount('pro')
  let tries = 0
  const real = env.ACCOUNT.getByName(account.accountId)
  const restarting = {
    getByName: () => ({
      spend: (ask: Parameters<Account['spend']>[0]) => {
        tries += 1
        if (tries > 1) return real.spend(ask)
        return Promise.reject(Object.assign(new Error('reset'), { retryable: true }))
      },
      settle: (...args: Parameters<Account['settle']>) => real.settle(...args),
    }),
  } as unknown as DurableObjectNamespace<Account>
  expect(codeOf(await new Edge({ ACCOUNT: restarting }).call(BOOK, account.key))).toBe('200')
  expect(await journalOf(account)).toEqual([])
})

test('the gate stays shut for the free plan, for more than a credit, and where Postgres is away too', async () => {
  const free = await makeAccount('free')
  expect(codeOf(await new Edge({ ACCOUNT: throwing() }).call(BOOK, free.key))).toBe(
    'upstream_degraded',
  )
  const paid = await makeAccount('pro')
  const edge = new Edge({ ACCOUNT: throwing() })
  const two = `/v1/orderbooks?tickers=${MARKET},OTHER-1&at=2026-11-21T17:00:00Z`
  const refused = await edge.call(two, paid.key)
  expect(codeOf(refused)).toBe('upstream_degraded')
  expect(refused.headers.get('Retry-After')).toBe('1')
  const stream = { Accept: 'application/x-ndjson' }
  const deltas = `/v1/markets/${MARKET}/deltas?from=2026-11-21T17:00:00Z`
  expect(codeOf(await edge.call(deltas, paid.key, stream))).toBe('upstream_degraded')
  expect([...(await journalOf(free)), ...(await journalOf(paid))]).toEqual([])
})

test('what is refused as its object answers too late keeps nothing reserved', async () => {
  const account = await makeAccount('free')
  const real = env.ACCOUNT.getByName(account.accountId)
  // It knows its account already, so that it reserves at once and is only late to say so.
  await real.limits()
  const late = {
    getByName: () => ({
      spend: async (ask: Parameters<Account['spend']>[0]) => {
        await real.spend(ask)
        return new Promise<never>(() => {})
      },
      settle: (...args: Parameters<Account['settle']>) => real.settle(...args),
    }),
  } as unknown as DurableObjectNamespace<Account>
  const edge = new Edge({ ACCOUNT: late, ACCOUNT_MS: '300' })
  expect(codeOf(await edge.call(BOOK, account.key))).toBe('upstream_degraded')
  expect(await limitsOf(account)).toMatchObject({ used: 0, held: 0 })
  expect(await real.calls()).toMatchObject([{ state: 'settled', status: 503, credits: 0 }])
})

test('a key that is revoked stays out while its object cannot be reached', async () => {
  const account = await makeAccount('pro')
  const edge = new Edge({ ACCOUNT: throwing() })
  expect(codeOf(await edge.call(BOOK, account.key))).toBe('200')
  await asOwner((sql) => sql`update kb.api_keys set revoked_us = 2 where id = ${account.keyId}`)
  expect(codeOf(await edge.call(BOOK, account.key))).toBe('upstream_degraded')
})

test('the gate is open for 30 s once an hour, at the rate of the plan', async () => {
  const account = await makeAccount('starter')
  const edge = new Edge({ ACCOUNT: throwing() })
  const began = Date.now()
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    vi.setSystemTime(began)
    const answers = await Promise.all(
      Array.from({ length: 55 }, () => edge.call('/v1/nowhere', account.key)),
    )
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(50)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(5)
    const at = async (ms: number) => {
      vi.setSystemTime(began + ms)
      return codeOf(await edge.call('/v1/nowhere', account.key))
    }
    expect(await at(1000)).toBe('not_found')
    expect(await at(29_999)).toBe('not_found')
    expect(await at(30_000)).toBe('upstream_degraded')
    expect(await at(HOUR_MS - 1)).toBe('upstream_degraded')
    expect(await at(HOUR_MS)).toBe('not_found')
  } finally {
    vi.useRealTimers()
  }
}, 30_000)

test('what went through is spent once when the object is back, and what failed costs nothing', async () => {
  const account = await makeAccount('pro')
  const edge = new Edge({ ACCOUNT: throwing() })
  for (const path of [BOOK, BOOK, '/v1/nowhere', `/v1/markets/NO-SUCH`]) {
    await edge.call(path, account.key)
  }
  const credits = (await journalOf(account)).map((row) => row.credits)
  expect(credits.sort()).toEqual([0, 0, 1, 1])
  await asOwner(
    (sql) => sql`
      update kb.gate_journal set at_us = at_us - 120000000 where account_id = ${account.accountId}`,
  )
  const stub = accountStub(env, account.accountId)
  const absorbed = await Promise.all([stub.absorb(), stub.absorb()])
  await stub.refresh()
  expect(Math.max(...absorbed)).toBe(4)
  expect(await limitsOf(account)).toMatchObject({ used: 2, held: 0 })
  expect((await journalOf(account)).every(({ spent_us }) => spent_us !== null)).toBe(true)
  await stub.absorb()
  expect(await limitsOf(account)).toMatchObject({ used: 2, held: 0 })
})
