import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { makeApp } from '../../worker/app.ts'
import { forgetOld } from '../../worker/people/forget-old.ts'
import {
  callPages,
  headersOfSession,
  hurtSupabase,
  lastMail,
  newEmail,
  ORIGIN,
  PASSWORD,
  type PersonHeaders,
  signedUp,
  supabase,
  type TestSession,
} from './people.ts'
import { asOwner } from './store.ts'

afterEach(() => hurtSupabase({ aheadMs: 0, away: null, accessTokenS: 3600, claims: {} }))

/** Somebody with a session, whose account is not made yet. */
async function confirmed(email = newEmail()): Promise<PersonHeaders> {
  await supabase('/signup', { email, password: PASSWORD })
  const { token_hash } = await lastMail(email)
  const session = await supabase<TestSession>('/verify', { type: 'email', token_hash })
  return headersOfSession(session)
}

async function sessionFrom(
  headers: PersonHeaders,
  address: string,
  changed: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const context = createExecutionContext()
  const request = new Request(`${ORIGIN}/account/session`, {
    headers: { ...headers, 'CF-Connecting-IP': address },
  })
  const response = await makeApp().fetch(request, { ...env, ...changed }, context)
  await waitOnExecutionContext(context)
  const body = (await response.json()) as { data: Record<string, unknown> }
  return body.data
}

const accountOf = async (id: string) => {
  const [row] = await asOwner((sql) => sql`select * from kb.accounts where id = ${id}`)
  return row ?? {}
}

let networks = Date.now() % 200

/** A network that nobody came from yet. */
function newNetwork(): string {
  networks += 1
  return `198.${networks % 256}.${Math.floor(Math.random() * 256)}`
}

test('a person has one account, however many first requests come at once', async () => {
  const headers = await confirmed()
  const all = await Promise.all(
    Array.from({ length: 8 }, () => callPages('/account/session', headers)),
  )
  const ids = all.map(({ body }) => (body['data'] as { account_id: string }).account_id)
  expect(new Set(ids).size).toBe(1)
  const [id = ''] = ids
  expect(await accountOf(id)).toMatchObject({ plan: 'free', free_credits: true, closed_us: null })
  const audit = await asOwner(
    (sql) => sql`select actor, what from kb.account_audit where account_id = ${id}`,
  )
  expect([...audit]).toEqual([{ actor: 'person', what: 'account_made' }])
})

test('an address has free credits once, whatever its spelling, even after its account was deleted', async () => {
  const box = `a.n.n${Date.now()}`
  const first = await signedUp(`${box}@gmail.com`)
  expect((await accountOf(first.accountId))['free_credits']).toBe(true)
  const alias = await signedUp(`${box.replaceAll('.', '')}+kalshi@googlemail.com`)
  expect((await accountOf(alias.accountId))['free_credits']).toBe(false)
  expect((await callPages('/account/delete', first.headers, {})).status).toBe(200)
  const back = await signedUp(`${box}@gmail.com`)
  expect(back.personId).not.toBe(first.personId)
  expect((await accountOf(back.accountId))['free_credits']).toBe(false)

  const nowUs = Date.now() * 1000
  const claims = () =>
    asOwner((sql) => sql`select from kb.free_claims where account_id = ${first.accountId}`)
  await forgetOld(env, (nowUs + 395 * 86_400_000_000) as Micros)
  expect((await claims()).length).toBe(1)
  await forgetOld(env, (nowUs + 398 * 86_400_000_000) as Micros)
  expect((await claims()).length).toBe(0)
})

test('a network makes three accounts in 24 hours: who is the fourth is told, and has theirs later', async () => {
  const network = newNetwork()
  const people = await Promise.all(Array.from({ length: 5 }, () => confirmed()))
  const told = await Promise.all(people.map((one, i) => sessionFrom(one, `${network}.${i}`)))
  const refused = told.filter(({ account_id }) => account_id === null)
  expect(refused.length).toBe(2)
  for (const one of refused) {
    expect(one).toMatchObject({ signed_in: true, csrf_token: expect.any(String) })
    expect(one['account_refused']).toContain('from your network')
  }
  const late = people[told.findIndex(({ account_id }) => account_id === null)]
  if (late === undefined) throw new Error('nobody was refused')
  const keys = await callFrom('/account/delete', late, `${network}.9`)
  expect(keys.status).toBe(200)
  await asOwner(
    (sql) => sql`
      update kb.new_accounts set made_us = made_us - ${86_400_000_000}
      where prefix = ${`${network}.0/24`}`,
  )
  const again = await sessionFrom(await confirmed(), `${network}.200`)
  expect(again['account_id']).toEqual(expect.any(String))
})

test('a day has a ceiling for new accounts', async () => {
  const [{ count = 0 } = {}] = await asOwner(
    (sql) => sql<{ count: number }[]>`
      select count(*)::integer as count from kb.new_accounts
      where made_us > ${(Date.now() - 86_400_000) * 1000}`,
  )
  const changed = { NEW_ACCOUNTS_A_DAY: String(count + 1) }
  const [first, second] = [await confirmed(), await confirmed()]
  const network = newNetwork()
  expect((await sessionFrom(first, `${network}.1`, changed))['account_id']).not.toBeNull()
  const over = await sessionFrom(second, `${network}.2`, changed)
  expect(over['account_refused']).toContain('as many accounts as we take')
})

async function callFrom(path: string, headers: PersonHeaders, address: string): Promise<Response> {
  const context = createExecutionContext()
  const request = new Request(`${ORIGIN}${path}`, {
    method: 'POST',
    headers: { ...headers, 'CF-Connecting-IP': address },
    body: '{}',
  })
  const response = await makeApp().fetch(request, env, context)
  await waitOnExecutionContext(context)
  return response
}

test('answers to our pages are framed, sniffed and read by nobody else', async () => {
  for (const path of ['/account/session', '/auth/confirm', '/live/NO-SUCH', '/visitor-keys']) {
    const { headers } = await readPage(path)
    expect(headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('Content-Security-Policy')).not.toContain('unsafe')
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    // A page's own forms must tell their origin.
    const isPage = headers.get('Content-Type')?.startsWith('text/html')
    expect(headers.get('Referrer-Policy')).toBe(isPage ? 'same-origin' : 'no-referrer')
    expect(headers.get('Strict-Transport-Security')).toContain('max-age=')
    expect(headers.get('Access-Control-Allow-Origin')).toBeNull()
  }
})

async function readPage(path: string): Promise<Response> {
  const context = createExecutionContext()
  const response = await makeApp().fetch(new Request(`${ORIGIN}${path}`), env, context)
  await waitOnExecutionContext(context)
  return response
}
