import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { monthOf } from '#core/period'
import { accountChanged } from '../../worker/account/account-changed.ts'
import { makeKey } from './accounts.ts'
import { Edge } from './edge.ts'
import { callPages, signedUp } from './people.ts'
import { asOwner } from './store.ts'

/** Objects of accounts that nobody reaches. */
const AWAY = { getByName: () => ({ limits: never, streams: never, usage: never, calls: never }) }

async function never(): Promise<never> {
  throw new Error('it is not there')
}

test('while an account does not answer its page says so, and shows what else there is', async () => {
  const { headers, email } = await signedUp()
  const edge = new Edge({ ACCOUNT: AWAY as unknown as typeof env.ACCOUNT })
  const page = await edge.fetch('/dashboard', { ...headers })
  const html = await page.text()
  expect(page.status).toBe(200)
  for (const text of [
    email,
    'The account does not answer now, so its credits are not shown',
    'The usage cannot be read now',
    'Its streams go on',
    'href="/dashboard/keys"',
  ]) {
    expect(html).toContain(text)
  }
  const log = await edge.fetch('/dashboard/requests', { ...headers })
  expect(log.status).toBe(503)
  expect(await log.text()).toContain('Try again')
})

test('whoever is not signed in is sent to sign in; nobody else’s calls are ever on a page', async () => {
  const edge = new Edge()
  for (const path of ['/dashboard', '/dashboard/requests']) {
    const answer = await edge.fetch(path, {})
    expect([answer.status, answer.headers.get('Location')]).toEqual([
      303,
      `/login?next=${encodeURIComponent(path)}&why=needed`,
    ])
  }
  const [one, other] = [await signedUp(), await signedUp()]
  const { key, keyId } = await makeKey(one.accountId)
  const { headers } = await edge.call('/v1/whoami', key)
  const id = headers.get('X-Request-Id') ?? ''
  const asked = `/dashboard/requests?key=${keyId}`
  expect(await (await edge.fetch(asked, { ...one.headers })).text()).toContain(id)
  const theirs = await (await edge.fetch(asked, { ...other.headers })).text()
  expect(theirs).not.toContain(id)
  expect(theirs).toContain('No such call among them')
})

test('what a key was called is text on every page, and what no page knows is passed over', async () => {
  const one = await signedUp()
  const name = '<img src=x onerror=alert(1)>'
  const made = await callPages('/account/keys', one.headers, { name, scopes: ['live'] })
  const { key } = made.body['data'] as { key: string }
  const edge = new Edge()
  expect((await edge.call('/v1/whoami', key)).status).toBe(200)
  for (const path of [
    '/dashboard?by=key&of=requests&span=day',
    '/dashboard?by=%3Cscript%3E&of=nothing&span=1',
    '/dashboard/requests?outcome=%3Cscript%3E&page=99&key=%22%3E%3Cscript%3E',
  ]) {
    const answer = await edge.fetch(path, { ...one.headers })
    const html = await answer.text()
    expect(answer.status, path).toBe(200)
    expect(html).not.toContain('<img')
    expect(html).not.toContain('<script>')
    if (!path.includes('nothing')) expect(html).toContain('&lt;img src=x')
  }
})

test('in a month of an upgrade the cap is told as the credits that it really buys', async () => {
  const one = await signedUp()
  const { fromUs } = monthOf((Date.now() * 1000) as Micros)
  await asOwner(
    (sql) => sql`
      insert into kb.plan_changes (account_id, from_us, plan, source, made_us) values
        (${one.accountId}, ${fromUs}, 'starter', ${`a ${one.accountId}`}, ${fromUs}),
        (${one.accountId}, ${fromUs + 1}, 'pro', ${`b ${one.accountId}`}, ${fromUs})`,
  )
  await asOwner(
    (sql) => sql`
      update kb.accounts set overage_cap_cents = 5000, paid_once = true
      where id = ${one.accountId}`,
  )
  await asOwner((sql) => sql`select kb.account_changed(${one.accountId}, ${Date.now() * 1000})`)
  await accountChanged(env, one.accountId)
  const page = await new Edge().fetch('/dashboard/billing', { ...one.headers })
  expect(await page.text()).toContain('Overage is on, $50 a month at most: 625,000 credits more.')
})
