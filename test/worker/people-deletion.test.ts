import { env } from 'cloudflare:workers'
import { afterEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { goOnDeleting, goOnDeletingAll } from '../../worker/people/deletion.ts'
import { call, errorOf } from './api.ts'
import { Edge } from './edge.ts'
import { callPages, hurtSupabase, PASSWORD, signedInAgain, signedUp, supabase } from './people.ts'
import { asOwner } from './store.ts'

afterEach(() => hurtSupabase({ aheadMs: 0, away: null, accessTokenS: 3600, claims: {} }))

/** The row of an account in a table. */
async function rowOf(table: string, column: string, id: string): Promise<Record<string, unknown>> {
  const [row] = await asOwner(
    (sql) => sql`select * from ${sql(table)} where ${sql(column)} = ${id}`,
  )
  return { ...row }
}

/** Makes a key by our own pages; its text. */
async function makeKey(headers: Readonly<Record<string, string>>): Promise<string> {
  const body = { name: 'mine', scopes: ['live', 'history', 'account'] }
  const made = await callPages('/account/keys', headers, body)
  const text = /kb_live_[0-9A-Za-z]{38}/.exec(JSON.stringify(made.body))?.[0]
  if (text === undefined) throw new Error(`no key: ${JSON.stringify(made.body)}`)
  return text
}

test('a deleted account has no key that works, no address and no person at Supabase; its ledger stays', async () => {
  const { email, accountId, personId, headers } = await signedUp()
  const second = await signedInAgain(email)
  const key = { Authorization: `Bearer ${await makeKey(headers)}` }
  // What it cost is settled before the account is closed.
  expect((await new Edge().fetch('/v1/markets?limit=1', key)).status).toBe(200)

  const gone = await callPages('/account/delete', headers, {})
  expect(gone.body['data']).toEqual({ deleted: true, left: [] })
  expect(gone.headers.getSetCookie().length).toBe(2)

  expect((await call('/v1/markets?limit=1', key)).status).toBe(401)
  expect(await rowOf('kb.accounts', 'id', accountId)).toMatchObject({
    email: null,
    name: '',
    person_id: personId,
    closed_us: expect.anything(),
  })
  expect(await rowOf('kb.account_deletions', 'account_id', accountId)).toMatchObject({
    told_us: expect.anything(),
    unsubscribed_us: expect.anything(),
    forgotten_us: expect.anything(),
  })
  const used = await asOwner(
    (sql) => sql`
    select sum(credits)::integer as credits from kb.usage_totals where account_id = ${accountId}`,
  )
  expect(used[0]).toEqual({ credits: 1 })
  const audit = await asOwner(
    (sql) => sql`select what from kb.account_audit where account_id = ${accountId}`,
  )
  expect(audit.map(({ what }) => what)).toContain('account_closed')

  // A token that outlives the person neither opens their account again nor makes another.
  for (const cookies of [headers, second.headers]) {
    const told = await callPages('/account/session', cookies)
    expect(told.body['data']).toEqual({ signed_in: false })
    const again = await callPages('/account/delete', cookies, {})
    expect(errorOf(again).code).toBe('unauthorized')
  }
  await expect(
    supabase('/token?grant_type=password', { email, password: PASSWORD }),
  ).rejects.toThrow('invalid_credentials')
  const back = await signedUp(email)
  expect(back.accountId).not.toBe(accountId)
})

test('deletion goes on where it was cut off, and may be repeated at every step', async () => {
  const { email, accountId } = await signedUp()
  const nowUs = Date.now() * 1000
  await asOwner((sql) => sql`select kb.close_account(${accountId}, ${nowUs})`)
  await asOwner((sql) => sql`select kb.close_account(${accountId}, ${nowUs + 1})`)
  await hurtSupabase({ away: 503 })
  expect(await goOnDeleting(env, accountId)).toEqual(['forgotten'])
  expect(await goOnDeleting(env, accountId)).toEqual(['forgotten'])
  expect(await rowOf('kb.account_deletions', 'account_id', accountId)).toMatchObject({
    asked_us: String(nowUs),
    forgotten_us: null,
  })
  await hurtSupabase({ away: null })
  await goOnDeletingAll(env, nowUs as Micros)
  expect(
    (await rowOf('kb.account_deletions', 'account_id', accountId))['forgotten_us'],
  ).not.toBeNull()
  await expect(
    supabase('/token?grant_type=password', { email, password: PASSWORD }),
  ).rejects.toThrow('invalid_credentials')
  await asOwner(
    (sql) => sql`update kb.account_deletions set told_us = null, unsubscribed_us = null,
    forgotten_us = null where account_id = ${accountId}`,
  )
  expect(await goOnDeleting(env, accountId)).toEqual([])
})

test('deletion needs a sign-in of the last 10 minutes, and our own pages', async () => {
  const { email, accountId } = await signedUp()
  await hurtSupabase({ aheadMs: -601_000 })
  const stale = await signedInAgain(email)
  await hurtSupabase({ aheadMs: 0 })
  expect(errorOf(await callPages('/account/delete', stale.headers, {})).code).toBe('forbidden')
  expect((await callPages('/account/delete', {}, {})).status).toBe(401)
  expect((await rowOf('kb.accounts', 'id', accountId))['closed_us']).toBeNull()
})
