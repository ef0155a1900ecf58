import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { returnPath } from '#core/return-path'
import { makeApp } from '../../worker/app.ts'
import { call } from './api.ts'
import { beforeMonthEnds, deliver, freshStripe, openSession, stripe } from './billing.ts'
import {
  callPages,
  hurtSupabase,
  ORIGIN,
  signedInAgain,
  signedUp,
  type TestPerson,
} from './people.ts'
import { asOwner } from './store.ts'

type Page = {
  readonly status: number
  readonly headers: Headers
  readonly html: string
  readonly location: string | null
}

let me: TestPerson

beforeAll(async () => {
  await freshStripe()
  await stripe('clock', { real: true })
  me = await signedUp()
})
afterEach(() => hurtSupabase({ aheadMs: 0, away: null }))

/** Asks for a page as somebody's browser does, or sends its form. @param form null to ask for it */
async function page(
  path: string,
  form: Readonly<Record<string, string>> | null = null,
  who = me,
): Promise<Page> {
  const { Cookie } = who.headers
  const init = form === null ? {} : { method: 'POST', body: new URLSearchParams(form) }
  const headers = { Cookie, Origin: ORIGIN }
  const context = createExecutionContext()
  const request = new Request(ORIGIN + path, { headers, redirect: 'manual', ...init })
  const response = await makeApp().fetch(request, env, context)
  const html = await response.text()
  await waitOnExecutionContext(context)
  const { status } = response
  return { status, headers: response.headers, html, location: response.headers.get('Location') }
}

/** Sends a form of a page of theirs. */
function send(path: string, form: Readonly<Record<string, string>>, who = me): Promise<Page> {
  return page(path, { csrf_token: who.headers['X-CSRF-Token'], ...form }, who)
}

async function newKey(name = 'a key', who = me): Promise<{ id: string; key: string }> {
  const made = await callPages('/account/keys', who.headers, { name, scopes: ['live'] })
  return made.body['data'] as { id: string; key: string }
}

/** What a page says, without its marks. */
function textOf({ html }: Page): string {
  return html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
}

const CHOSEN = { name: 'of a form', scope_live: 'on' }

test('a key that is made by the form is in the page that answers, which nobody keeps, and nowhere else', async () => {
  const made = await send('/dashboard/keys', {
    ...CHOSEN,
    scope_history: 'on',
    month_cap: '1,000',
    expires: '2030-06-30',
  })
  const key = /kb_live_\w{38}/.exec(made.html)?.[0] ?? ''
  expect(made.status).toBe(200)
  expect(made.headers.get('Cache-Control')).toBe('private, no-store')
  expect(JSON.stringify([...made.headers])).not.toContain(key)
  expect(made.html).not.toMatch(new RegExp(`(?:href|src|action)="[^"]*${key}`))
  expect((await call('/v1/markets?limit=1', { 'X-API-Key': key })).status).toBe(200)
  const list = await page('/dashboard/keys')
  expect(list.html).not.toContain(key)
  expect(textOf(list)).toContain('1,000')
  // The chosen day is the last one on which it works.
  expect(textOf(list)).toContain('works until 2030-07-01 00:00')
})

test('a form that is sent twice makes one key', async () => {
  const form = { ...CHOSEN, request_id: crypto.randomUUID() }
  expect((await send('/dashboard/keys', form)).html).toMatch(/kb_live_\w{38}/)
  const again = await send('/dashboard/keys', form)
  expect([again.status, again.html.includes('already')]).toEqual([422, true])
  expect(again.html).not.toMatch(/kb_live_\w{38}/)
})

test.each([
  [{ name: '' }, 'name', 'must be 1 to 100 characters'],
  [{ scope_live: null }, 'scopes', 'must be one or more of'],
  [{ expires: '2001-01-01' }, 'expires', 'lies in the past'],
  [{ expires: 'soon' }, 'expires', 'must be a day, as 2027-01-31.'],
  [{ month_cap: '-4' }, 'month_cap', 'must be a whole number'],
  [{ month_cap: '9999999999' }, 'month_cap', 'must be a whole number'],
] as const)('%o is told beside the field %s', async (wrong, field, says) => {
  const form = Object.fromEntries(
    Object.entries({ ...CHOSEN, name: 'kept as typed', ...wrong }).filter(
      (each): each is [string, string] => each[1] !== null,
    ),
  )
  const refused = await send('/dashboard/keys', form)
  expect(refused.status).toBe(422)
  const fault = new RegExp(`id="${field}-fault"[^>]*>([^<]*)`).exec(refused.html)?.[1]
  expect(fault).toContain(says)
  if (field !== 'name') expect(refused.html).toContain('value="kept as typed"')
})

test('a key’s name is text wherever it is shown', async () => {
  const name = '"><script>alert(1)</script>'
  const { id } = await newKey(name)
  for (const path of ['', `/${id}`, `/${id}/revoke`]) {
    const { html, status } = await page(`/dashboard/keys${path}`)
    expect([path, status]).toEqual([path, 200])
    expect(html).toContain('&lt;script&gt;')
    expect(html).not.toContain('<script>alert')
  }
  const made = await send('/dashboard/keys', { ...CHOSEN, name: `${name} of a form` })
  expect(made.html).not.toContain('<script>alert')
  const refused = await send('/dashboard/keys', { name, month_cap: 'x' })
  expect(refused.html).not.toContain('<script>alert')
})

test('a key is capped, replaced and revoked by forms, the latter after it was asked for once more', async () => {
  const { id, key } = await newKey()
  const path = `/dashboard/keys/${id}`
  const wrong = await send(`${path}/cap`, { month_cap: 'much' })
  expect([wrong.status, wrong.html.includes('value="much"')]).toEqual([422, true])
  expect((await send(`${path}/cap`, { month_cap: '7' })).location).toBe(`${path}?capped=1`)
  expect(textOf(await page(path))).toContain('7 credits a month')
  expect((await send(`${path}/rotate`, { overlap_hours: '73' })).status).toBe(422)
  const replaced = await send(`${path}/rotate`, { overlap_hours: '1' })
  expect(replaced.html).toMatch(/kb_live_\w{38}/)
  expect(textOf(replaced)).toContain('The key before it')
  expect(textOf(await page(`${path}/revoke`))).toContain('Revoke a key?')
  expect((await call('/v1/limits', { 'X-API-Key': key })).status).toBe(200)
  expect((await send(`${path}/revoke`, {})).location).toBe('/dashboard/keys?revoked=1')
  expect((await call('/v1/limits', { 'X-API-Key': key })).status).toBe(401)
  expect(textOf(await page(path))).toContain('opens nothing any more')
})

test('a key of another account is not there', async () => {
  const other = await signedUp()
  const { id, key } = await newKey('theirs', other)
  const path = `/dashboard/keys/${id}`
  for (const what of ['', '/revoke']) expect((await page(path + what)).status).toBe(404)
  const forms = { cap: { month_cap: '0' }, rotate: { overlap_hours: '0' }, revoke: {} }
  for (const [what, form] of Object.entries(forms)) {
    expect((await send(`${path}/${what}`, form)).status).toBe(404)
  }
  expect((await page('/dashboard/keys/no-id')).status).toBe(404)
  expect((await page('/dashboard/keys')).html).not.toContain('theirs')
  expect((await call('/v1/limits', { 'X-API-Key': key })).status).toBe(200)
})

const CHANGING: readonly [path: string, form: Readonly<Record<string, string>>][] = [
  ['/dashboard/keys', CHOSEN],
  ['/dashboard/billing/change', { plan: 'starter' }],
  ['/dashboard/billing/overage', { off: '1' }],
  ['/dashboard/billing/portal', {}],
  ['/dashboard/settings/password', { password: 'one that a stranger knows' }],
]

test('no form is taken that bears another session’s word, or comes from elsewhere', async () => {
  const { id } = await newKey('kept')
  const path = `/dashboard/keys/${id}`
  const gone: typeof CHANGING = [['/dashboard/settings/delete', { email: me.email }]]
  for (const [where, form] of [...CHANGING, ...gone, [`${path}/revoke`, {}] as const]) {
    const other = { ...form, csrf_token: 'made-up' }
    expect([where, (await page(where, other)).status]).toEqual([where, 403])
    expect([where, (await page(where, form)).status]).toEqual([where, 403])
  }
  expect(textOf(await page(path))).toContain('works')
})

test('who is not signed in is led to sign-in, and back to the page', async () => {
  const nobody = { ...me, headers: { ...me.headers, Cookie: '' as const } }
  for (const part of ['keys', 'billing', 'settings']) {
    const { location } = await page(`/dashboard/${part}`, null, nobody)
    expect(location).toBe(`/login?next=%2Fdashboard%2F${part}&why=needed`)
  }
  const first = await page('/dashboard/keys?first=1', null, nobody)
  expect(first.location).toContain('first%3D1')
})

test('an old session shows what there is, and is led to sign-in by whatever makes keys or costs money', async () => {
  const { email } = await signedUp()
  await hurtSupabase({ aheadMs: -601_000 })
  const late = await signedInAgain(email)
  await hurtSupabase({ aheadMs: 0 })
  for (const [path, form] of CHANGING) {
    const { location } = await send(path, form, late)
    const next = path.includes('change') ? `${path}?plan=starter` : path.split('/', 3).join('/')
    const login = `/login?${new URLSearchParams({ next, why: 'fresh' })}`
    expect([path, location]).toEqual([path, login])
    expect(returnPath(next, '')).toBe(next)
  }
  for (const part of ['keys', 'settings', 'billing/change?plan=pro', 'settings/delete']) {
    const shown = await page(`/dashboard/${part}`, null, late)
    expect([part, shown.status, shown.html.includes('why=fresh')]).toEqual([part, 200, true])
  }
})

test('while sign-in is away each page says so, and what works on', async () => {
  const { email } = await signedUp()
  await hurtSupabase({ aheadMs: -3_600_000 })
  const late = await signedInAgain(email)
  await hurtSupabase({ aheadMs: 0, away: 503 })
  for (const part of ['keys', 'billing', 'settings']) {
    const shown = await page(`/dashboard/${part}`, null, late)
    expect([part, shown.status]).toEqual([part, 503])
    expect(textOf(shown)).toContain('API keys and open streams need no sign-in')
  }
})

test('a payment: confirmed when Stripe has told of it, by a page that looks again by itself', async () => {
  await beforeMonthEnds(async () => {
    const bought = await send('/dashboard/billing/change', { plan: 'starter' })
    expect([bought.status, bought.location?.includes('/checkout/')]).toEqual([303, true])
    await stripe('pay', { session: await openSession(me.accountId), outcome: 'pay' })
  })
  const waits = await page('/dashboard/billing?checkout=done')
  expect(waits.headers.get('Refresh')).toContain('/dashboard/billing?checkout=done&look=1')
  const long = await page('/dashboard/billing?checkout=done&look=20')
  expect(long.headers.get('Refresh')).toBeNull()
  expect(textOf(long)).toContain('takes longer than usual')
  await deliver()
  const shown = await page('/dashboard/billing?checkout=done')
  expect(textOf(shown)).toContain('You are on Starter')
  const policy = shown.headers.get('Content-Security-Policy') ?? ''
  expect(policy).toContain(`form-action 'self' ${new URL(env.STRIPE_API_URL ?? '').origin}`)
})

test('overage takes dollars, and says what is wrong with others', async () => {
  const path = '/dashboard/billing/overage'
  for (const cap_dollars of ['', 'x', '-1', '10001', '1.234']) {
    const refused = await send(path, { cap_dollars })
    expect([cap_dollars, refused.status]).toEqual([cap_dollars, 422])
    expect(refused.html).toContain('must be dollars')
  }
  expect((await send(path, { cap_dollars: '49.50' })).location).toContain('overage=4950')
  expect(textOf(await page('/dashboard/billing'))).toContain('$49.50 a month at most')
  expect((await send(path, { off: '1' })).location).toContain('overage=off')
})

test('payment trouble: until when the plan goes on, and what to do', async () => {
  await callPages('/account/overage', me.headers, { cap_cents: 2000 })
  await troubled({ overage_suspended: 'unpaid', grace_until_us: 4_000_000_000_000_000 })
  const grace = textOf(await page('/dashboard/billing'))
  expect(grace).toContain('Your plan goes on until 2096-10-02 07:06 UTC')
  expect(grace).toContain('Change the card')
  expect(grace).toContain('Suspended: nothing beyond your credits is spent now')
  expect(textOf(await page('/dashboard/billing/change?plan=scale'))).toContain('Pay it first')
  await troubled({ overage_suspended: 'dispute', grace_until_us: null })
  expect(textOf(await page('/dashboard/billing'))).toContain('disputed')
  await troubled({ overage_suspended: null, grace_until_us: null })
})

async function troubled(how: {
  readonly overage_suspended: string | null
  readonly grace_until_us: number | null
}): Promise<void> {
  await asOwner(
    (sql) => sql`
      update kb.accounts set overage_suspended = ${how.overage_suspended},
        grace_until_us = ${how.grace_until_us} where id = ${me.accountId}`,
  )
}

test('while Stripe is away the pages show what is known, and say that nothing was changed', async () => {
  const other = await signedUp()
  await stripe('faults', { failed: 1 })
  const form = await beforeMonthEnds(() =>
    send('/dashboard/billing/change', { plan: 'pro' }, other),
  )
  expect(form.status).toBe(503)
  expect(textOf(form)).toContain('Payments cannot be reached now; nothing was changed')
  expect((await send('/dashboard/billing/portal', {})).status).toBe(503)
  expect(textOf(await page('/dashboard/billing'))).toContain('Starter')
  const later = await send('/dashboard/billing/change', { plan: 'pro' })
  expect(later.location).toBe('/dashboard/billing?change=later')
  expect(textOf(await page('/dashboard/billing?change=later'))).toContain('goes on by itself')
  // Whoever asked for nothing is told so by no address.
  const nothing = textOf(await page('/dashboard/billing?change=later', null, other))
  expect(nothing).not.toContain('goes on by itself')
  await stripe('faults', {})
})

test('a plan that is none leads back to all of them', async () => {
  expect((await page('/dashboard/billing/change?plan=gold')).location).toBe('/dashboard/billing')
  expect((await send('/dashboard/billing/change', { plan: 'gold' })).location).toBe(
    '/dashboard/billing',
  )
})

test('after a new password other browsers change nothing, and see no longer than is said', async () => {
  const here = await signedUp()
  const there = await signedInAgain(here.email)
  const set = await send('/dashboard/settings/password', { password: 'another long word' }, here)
  const said = textOf(await page(set.location ?? '', null, here))
  expect(said).toContain('can change nothing from now on, and see nothing after an hour')
  const made = await send('/dashboard/keys', CHOSEN, there)
  expect(made.location).toBe('/login?next=%2Fdashboard%2Fkeys&why=ended')
  expect((await page('/dashboard/settings', null, there)).status).toBe(200)
  const over = {
    headers: {
      ...there.headers,
      Cookie: there.headers.Cookie.replace(/__Host-kb_access=[^;]*/, ''),
    },
  }
  const later = await page('/dashboard/settings', null, { ...there, ...over })
  expect(later.location).toBe('/login?next=%2Fdashboard%2Fsettings&why=ended')
})

test('the password is changed, and the account deleted, by forms that say what they do', async () => {
  const other = await signedUp()
  const short = await send('/dashboard/settings/password', { password: 'short' }, other)
  expect([short.status, short.html.includes('id="password-fault"')]).toEqual([422, true])
  expect(short.html).not.toContain('value="short"')
  const set = await send('/dashboard/settings/password', { password: 'another long word' }, other)
  expect(set.location).toBe('/dashboard/settings?password=changed')
  const wrong = await send('/dashboard/settings/delete', { email: 'x@example.com' }, other)
  expect([wrong.status, wrong.html.includes('id="email-fault"')]).toEqual([422, true])
  expect((await page('/dashboard/settings', null, other)).status).toBe(200)
  const email = ` ${other.email.toUpperCase()}`
  const deleted = await send('/dashboard/settings/delete', { email }, other)
  expect(deleted.location).toBe('/dashboard/settings/deleted')
  expect(deleted.headers.getSetCookie().join()).toContain('Max-Age=0')
  // Nobody whose account is there is told that it is not.
  expect((await page('/dashboard/settings/deleted')).location).toBe('/dashboard/settings')
})
