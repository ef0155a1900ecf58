import { env } from 'cloudflare:workers'
import type { Sql } from 'postgres'
import { afterAll, expect, test } from 'vitest'
import { isApiKey } from '#core/api-key'
import type { Micros } from '#core/instant'
import { withAccounts } from '../../worker/account/account-database.ts'
import { capKey, revokeKey, rotateKey } from '../../worker/keys/change-key.ts'
import { listKeys } from '../../worker/keys/key-row.ts'
import { makeKey } from '../../worker/keys/make-key.ts'
import { addAccount, addKey, asked, draw, now, revOf } from './key-accounts.ts'
import { asOwner } from './store.ts'

const HOUR = 3_600_000_000
// What others tell the edge of is theirs.
afterAll(() => asOwner((sql) => sql`delete from kb.projections`))

const run = <Result>(work: (sql: Sql) => Promise<Result>) => withAccounts(env, work)

const auditOf = (accountId: string) =>
  asOwner(
    (sql) => sql`
      select actor, what, detail from kb.account_audit where account_id = ${accountId} order by id`,
  )
test('a key is kept as its hash alone, and its making is written down and to be told', async () => {
  const account = await addAccount()
  const key = await addKey(account, { name: 'first', scopes: ['live', 'history'], month_cap: 10 })
  expect(isApiKey(key.text)).toBe(true)
  const rows = await asOwner(
    (sql) => sql`select to_jsonb(k) as row from kb.api_keys k where account_id = ${account}`,
  )
  expect(rows).toHaveLength(1)
  const stored = rows[0]?.['row'] as Record<string, unknown>
  expect(stored).toMatchObject({
    name: 'first',
    scopes: ['live', 'history'],
    hash: `\\x${key.hash}`,
    pepper_version: 1,
    display: key.text.slice(0, 12),
    month_cap: 10,
  })
  expect(JSON.stringify(stored)).not.toContain(key.text)
  const audit = await auditOf(account)
  expect(audit).toMatchObject([{ actor: 'person', what: 'key_made', detail: { key: key.id } }])
  expect(JSON.stringify(audit)).not.toContain(key.text)
  expect(await revOf(account)).toEqual({ rev: 2, untold: 2 })
})

test('an account has at most twenty keys that work, however many are asked for at once', async () => {
  const account = await addAccount()
  const drawn = await Promise.all(Array.from({ length: 24 }, draw))
  const made = await Promise.all(
    drawn.map((key) => run((sql) => makeKey(sql, account, key, asked(), now()))),
  )
  expect(made.filter(({ ok }) => ok)).toHaveLength(20)
  const refused = made.find(({ ok }) => !ok)
  expect(refused).toMatchObject({ error: { code: 'invalid_param', param: 'keys' } })
  expect((await auditOf(account)).length).toBe(20)
  const [one] = await run((sql) => listKeys(sql, account, now()))
  await run((sql) => revokeKey(sql, { accountId: account, keyId: one?.id ?? '', nowUs: now() }))
  expect((await addKey(account)).name).toBe('a key')
})

test('what is asked twice under one request_id makes one key', async () => {
  const account = await addAccount()
  const over = { request_id: 'form-0001' }
  const [first, second] = [await draw(), await draw()]
  const outcomes = await Promise.all(
    [first, second].map((key) => run((sql) => makeKey(sql, account, key, asked(over), now()))),
  )
  expect(outcomes.map(({ ok }) => ok).sort()).toEqual([false, true])
  expect(await run((sql) => listKeys(sql, account, now()))).toHaveLength(1)
})

test('a key that is revoked twice is revoked once', async () => {
  const account = await addAccount()
  const { id } = await addKey(account)
  const place = { accountId: account, keyId: id, nowUs: now() }
  const later = { ...place, nowUs: (place.nowUs + HOUR) as Micros }
  const once = await run((sql) => revokeKey(sql, place))
  const twice = await run((sql) => revokeKey(sql, later))
  expect(once).toMatchObject({ ok: true, changed: true })
  expect(twice).toMatchObject({ ok: true, changed: false, value: { revokedUs: place.nowUs } })
  expect((await auditOf(account)).map((row) => row['what'])).toEqual(['key_made', 'key_revoked'])
  expect(await revOf(account)).toEqual({ rev: 3, untold: 3 })
  expect(await run((sql) => capKey(sql, later, 5))).toMatchObject({ ok: false })
})

test('a key is replaced once, by one of the same terms, and ends after the overlap', async () => {
  const account = await addAccount()
  const at = now()
  const end = (at + 240 * HOUR) as Micros
  const terms = { name: 'the job', scopes: ['history' as const], month_cap: 7, expires: end }
  const { id } = await addKey(account, terms)
  const place = { accountId: account, keyId: id, nowUs: at }
  const nexts = [await draw(), await draw()]
  const outcomes = await Promise.all(
    nexts.map((next) => run((sql) => rotateKey(sql, place, next, 24))),
  )
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
  const rotated = outcomes.find(({ ok }) => ok)
  expect(rotated).toMatchObject({
    value: {
      made: { name: 'the job', scopes: ['history'], monthCap: 7, expiresUs: end },
      replaced: { id, expiresUs: at + 24 * HOUR },
    },
  })
  const keys = await run((sql) => listKeys(sql, account, at))
  expect(keys).toHaveLength(2)
  expect(new Set(keys.map(({ expiresUs }) => expiresUs))).toEqual(new Set([end, at + 24 * HOUR]))
})

test('of another account’s key nothing is told and nothing changed', async () => {
  const [mine, theirs] = [await addAccount(), await addAccount()]
  const { id } = await addKey(theirs)
  const place = { accountId: mine, keyId: id, nowUs: now() }
  const next = await draw()
  const outcomes = [
    await run((sql) => revokeKey(sql, place)),
    await run((sql) => capKey(sql, place, 1)),
    await run((sql) => rotateKey(sql, place, next, 1)),
  ]
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ ok: false, error: { code: 'not_found' } })
  }
  expect(await run((sql) => listKeys(sql, mine, now()))).toEqual([])
  expect(await run((sql) => listKeys(sql, theirs, now()))).toMatchObject([
    { id, revokedUs: null, expiresUs: null, monthCap: null },
  ])
  expect(await revOf(mine)).toEqual({ rev: 1, untold: null })
  expect((await auditOf(mine)).length).toBe(0)
})

test('a closed account makes no keys', async () => {
  const account = await addAccount()
  await asOwner((sql) => sql`update kb.accounts set closed_us = 5 where id = ${account}`)
  const key = await draw()
  const made = await run((sql) => makeKey(sql, account, key, asked(), now()))
  expect(made).toMatchObject({ ok: false, error: { code: 'forbidden' } })
})
