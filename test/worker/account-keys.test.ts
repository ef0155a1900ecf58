import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { isApiKey } from '#core/api-key'
import { call, errorOf } from './api.ts'
import { callPages, hurtSupabase, signedUp, type TestPerson } from './people.ts'
import { asOwner } from './store.ts'

type Shown = {
  readonly id: string
  readonly key: string
  readonly name: string
  readonly state: string
  readonly month_cap: number | null
  readonly expires_ts: string | null
  readonly used_this_month: number | null
  readonly replaces: Shown
}

let me: TestPerson
let other: TestPerson

beforeAll(async () => {
  me = await signedUp()
  other = await signedUp()
})

const LIVE = { name: 'a key', scopes: ['live', 'history'] }

async function post(path: string, body: unknown, who = me): Promise<Shown> {
  const answer = await callPages(path, who.headers, body)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
  return answer.body['data'] as Shown
}

async function listed(who = me): Promise<readonly Shown[]> {
  const answer = await callPages('/account/keys', who.headers)
  expect(answer.status).toBe(200)
  return answer.body['data'] as Shown[]
}

const callWith = (key: string) => call('/v1/markets?limit=1', { 'X-API-Key': key })

test('a key is shown once, works at once, and is listed without its text', async () => {
  const made = await post('/account/keys', { ...LIVE, month_cap: 50 })
  expect(isApiKey(made.key)).toBe(true)
  expect((await callWith(made.key)).status).toBe(200)
  const found = (await listed()).find(({ id }) => id === made.id)
  expect(found).toMatchObject({ name: 'a key', state: 'active', month_cap: 50 })
  expect(JSON.stringify(await listed())).not.toContain(made.key)
})

test('a key that is revoked opens nothing with the next request', async () => {
  const { id, key } = await post('/account/keys', LIVE)
  expect((await callWith(key)).status).toBe(200)
  expect((await post(`/account/keys/${id}/revoke`, {})).state).toBe('revoked')
  expect(errorOf(await callWith(key)).code).toBe('key_revoked')
  expect((await post(`/account/keys/${id}/revoke`, {})).state).toBe('revoked')
})

test('a replaced key works on for the overlap, and its successor at once', async () => {
  const { id, key } = await post('/account/keys', { ...LIVE, month_cap: 9 })
  const next = await post(`/account/keys/${id}/rotate`, { overlap_hours: 1 })
  expect(next).toMatchObject({ name: 'a key', month_cap: 9, replaces: { id, state: 'active' } })
  expect((await callWith(key)).status).toBe(200)
  expect((await callWith(next.key)).status).toBe(200)
  const again = await callPages(`/account/keys/${id}/rotate`, me.headers, { overlap_hours: 1 })
  expect(errorOf(again)).toMatchObject({ code: 'invalid_param', param: 'id' })
  const ended = await post(`/account/keys/${next.id}/rotate`, { overlap_hours: 0 })
  expect(ended.replaces.state).toBe('expired')
  expect(errorOf(await callWith(next.key)).code).toBe('unauthorized')
})

test('a cap is set and lifted, and is obeyed with the next request', async () => {
  const { id, key } = await post('/account/keys', LIVE)
  expect((await callWith(key)).status).toBe(200)
  expect((await post(`/account/keys/${id}/cap`, { month_cap: 0 })).month_cap).toBe(0)
  expect((await callWith(key)).status).toBe(402)
  expect((await post(`/account/keys/${id}/cap`, { month_cap: null })).month_cap).toBeNull()
  expect((await callWith(key)).status).toBe(200)
  const used = async () => (await listed()).find((each) => each.id === id)?.used_this_month
  // What a call cost is told to its account after its answer.
  await expect.poll(used).toBe(2)
})

test.each<[string, unknown, string]>([
  ['no name', { scopes: ['live'] }, 'name'],
  ['an empty name', { ...LIVE, name: '  ' }, 'name'],
  ['a name of 101 characters', { ...LIVE, name: 'x'.repeat(101) }, 'name'],
  ['a control character', { ...LIVE, name: 'a\nb' }, 'name'],
  ['no scopes', { name: 'a' }, 'scopes'],
  ['an empty set of scopes', { ...LIVE, scopes: [] }, 'scopes'],
  ['a scope that is none', { ...LIVE, scopes: ['admin'] }, 'scopes'],
  ['a scope twice', { ...LIVE, scopes: ['live', 'live'] }, 'scopes'],
  ['an end in the past', { ...LIVE, expires: '2020-01-01T00:00:00Z' }, 'expires'],
  ['an end in the far future', { ...LIVE, expires: '2099-01-01T00:00:00Z' }, 'expires'],
  ['an end that is none', { ...LIVE, expires: 'soon' }, 'expires'],
  ['a negative cap', { ...LIVE, month_cap: -1 }, 'month_cap'],
  ['an absurd cap', { ...LIVE, month_cap: 1e15 }, 'month_cap'],
  ['half a credit', { ...LIVE, month_cap: 0.5 }, 'month_cap'],
  ['a cap in words', { ...LIVE, month_cap: '5' }, 'month_cap'],
  ['a field of no key', { ...LIVE, plan: 'scale' }, 'body'],
])('no key is made for %s', async (_, body, param) => {
  const before = (await listed()).length
  const answer = await callPages('/account/keys', me.headers, body)
  expect(answer.status).toBe(422)
  expect(errorOf(answer)).toMatchObject({ code: 'invalid_param', param })
  expect((await listed()).length).toBe(before)
})

test.each<[string, unknown]>([
  ['cap', { month_cap: -1 }],
  ['cap', { month_cap: 1e10 }],
  ['cap', {}],
  ['rotate', { overlap_hours: 73 }],
  ['rotate', { overlap_hours: -1 }],
  ['rotate', {}],
  ['revoke', { now: true }],
])('%s refuses %j', async (change, body) => {
  const { id } = (await listed())[0] ?? { id: '' }
  const answer = await callPages(`/account/keys/${id}/${change}`, me.headers, body)
  expect(answer.status).toBe(422)
})

test.each(['rotate', 'revoke', 'cap'])('a stranger’s key is not there to %s', async (change) => {
  const { id, key } = await post('/account/keys', LIVE, other)
  const body = { rotate: { overlap_hours: 1 }, revoke: {}, cap: { month_cap: 1 } }[change]
  for (const name of [id, crypto.randomUUID(), 'no-id']) {
    const answer = await callPages(`/account/keys/${name}/${change}`, me.headers, body)
    expect(errorOf(answer).code).toBe('not_found')
  }
  expect((await callWith(key)).status).toBe(200)
  expect((await listed()).some((each) => each.id === id)).toBe(false)
})

test('no API key makes, sees or changes keys, whatever its scopes', async () => {
  const scopes = ['live', 'history', 'account']
  const { id, key } = await post('/account/keys', { name: 'all', scopes })
  for (const headers of [{ 'X-API-Key': key }, { Authorization: `Bearer ${key}` }]) {
    for (const [path, body] of [
      ['/account/keys', undefined],
      ['/account/keys', LIVE],
      [`/account/keys/${id}/revoke`, {}],
      [`/account/keys/${id}/cap`, { month_cap: null }],
      ['/account/page-keys', {}],
    ] as const) {
      expect((await callPages(path, headers, body)).status, path).toBe(401)
    }
  }
})

test('a change without the session’s CSRF token, or from another origin, is refused', async () => {
  const { 'X-CSRF-Token': _, ...unmarked } = me.headers
  const foreign = { ...me.headers, Origin: 'https://elsewhere.example' }
  for (const headers of [unmarked, foreign, { ...me.headers, 'X-CSRF-Token': 'guess' }]) {
    for (const path of ['/account/keys', '/account/page-keys']) {
      expect(errorOf(await callPages(path, headers, LIVE)).code).toBe('forbidden')
    }
  }
})

test('a session that began ten minutes ago lists keys and changes none, one that was ended neither', async () => {
  await hurtSupabase({ aheadMs: -601_000 })
  const stale = await signedUp().finally(() => hurtSupabase({ aheadMs: 0 }))
  expect((await callPages('/account/keys', stale.headers)).status).toBe(200)
  const changes = [
    ['/account/keys', LIVE],
    ['/account/keys/x/rotate', { overlap_hours: 1 }],
    ['/account/keys/x/revoke', {}],
    ['/account/keys/x/cap', { month_cap: 1 }],
  ] as const
  for (const [path, body] of changes) {
    const answer = await callPages(path, stale.headers, body)
    expect(errorOf(answer), path).toMatchObject({ code: 'forbidden', param: 'session' })
  }
  expect((await callPages('/account/page-keys', stale.headers, {})).status).toBe(200)
  const left = await signedUp()
  expect((await callPages('/auth/sign-out', left.headers, {})).status).toBe(200)
  expect((await callPages('/account/keys', left.headers, LIVE)).status).toBe(401)
  // A page key outlives what it was made by: of an ended session there is none.
  expect((await callPages('/account/page-keys', left.headers, {})).status).toBe(401)
})

test('other methods are refused', async () => {
  for (const path of ['/account/keys', '/account/keys/x/cap', '/account/page-keys']) {
    expect((await call(path, {}, 'PUT')).status).toBe(405)
  }
})

test('a page key calls for its account until it ends, and makes no keys', async () => {
  const { key } = await post('/account/page-keys', {})
  const answer = await call('/v1/whoami', { Authorization: `Bearer ${key}` })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  expect(JSON.stringify(answer.body)).toContain(me.accountId)
  expect((await callWith(key)).status).toBe(200)
  expect((await callPages('/account/keys', { 'X-API-Key': key }, LIVE)).status).toBe(401)
  const forged = key.replace(me.accountId.replaceAll('-', ''), other.accountId.replaceAll('-', ''))
  expect(forged).not.toBe(key)
  expect(errorOf(await callWith(forged)).code).toBe('unauthorized')
})

test('a page key of an account that is closed since opens nothing', async () => {
  const leaver = await signedUp()
  const { key } = await post('/account/page-keys', {}, leaver)
  await asOwner(async (sql) => {
    await sql`update kb.accounts set closed_us = 5 where id = ${leaver.accountId}`
  })
  await env.ACCOUNT.getByName(leaver.accountId).refresh()
  expect((await callWith(key)).status).toBe(401)
})
