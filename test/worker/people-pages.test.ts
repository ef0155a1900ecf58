import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, expect, test } from 'vitest'
import { makeApp } from '../../worker/app.ts'
import { saySentence, sayWait } from '../../worker/site/say-refusal.ts'
import {
  callPages,
  headersOfSession,
  hurtSupabase,
  lastMail,
  newEmail,
  ORIGIN,
  PASSWORD,
  signedUp,
  supabase,
  type TestPerson,
  type TestSession,
} from './people.ts'
import { roomIn } from './room-in.ts'

type Page = {
  readonly status: number
  readonly headers: Headers
  readonly html: string
  readonly location: string | null
  /** As a browser sends them back. */
  readonly cookies: string
}
type Sent = {
  readonly form?: Readonly<Record<string, string>>
  readonly cookie?: string
  readonly origin?: string
  readonly address?: string
  readonly changed?: Readonly<Record<string, string | undefined>>
}

const NETWORK = `203.0.${Date.now() % 250}`
const RIGHT = { aheadMs: 0, away: null, accessTokenS: 3600 } as const
const EVIL = 'https://evil.example'
afterEach(() => hurtSupabase(RIGHT))

/** Asks for a page, or sends its form. */
async function page(path: string, sent: Sent = {}): Promise<Page> {
  const { form, cookie = '', origin = ORIGIN, address = `${NETWORK}.1`, changed = {} } = sent
  const context = createExecutionContext()
  const headers = { Cookie: cookie, Origin: origin, 'CF-Connecting-IP': address }
  const request = new Request(`${ORIGIN}${path}`, {
    headers,
    redirect: 'manual',
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  })
  const response = await makeApp().fetch(request, { ...env, ...changed }, context)
  const html = await response.text()
  await waitOnExecutionContext(context)
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  return {
    status: response.status,
    headers: response.headers,
    html,
    location: response.headers.get('Location'),
    cookies: cookies.join('; '),
  }
}

/** What the form of a mailed link sends. */
async function linkOf(email: string): Promise<Record<string, string>> {
  return Object.fromEntries(new URL((await lastMail(email)).link).searchParams)
}

function csrfOf({ headers }: TestPerson): { csrf_token: string } {
  return { csrf_token: headers['X-CSRF-Token'] }
}

/** What a page says, without what differs from one request to the next. */
function textOf({ html }: Page): string {
  return html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
}

test('a mailed link is used up by the button of its page alone, however often it is opened', async () => {
  const email = newEmail()
  const up = await page('/signup', { form: { email, password: PASSWORD } })
  expect([up.status, up.location]).toEqual([303, '/signup/sent'])
  expect(textOf(await page('/signup/sent', { cookie: up.cookies }))).toContain(email)
  const link = await linkOf(email)
  for (let scans = 0; scans < 3; scans++) {
    const opened = await page(`/auth/confirm?${new URLSearchParams(link)}`)
    expect([opened.status, opened.cookies]).toEqual([200, ''])
    expect(opened.headers.get('Cache-Control')).toBe('private, no-store')
    // It says no more than the link does.
    expect(opened.html).not.toContain(email)
  }
  const pressed = await page('/auth/confirm', { form: link, cookie: up.cookies })
  expect([pressed.status, pressed.location]).toEqual([303, '/dashboard/keys?first=1'])
  const told = await callPages('/account/session', { Cookie: pressed.cookies })
  expect(told.body['data']).toMatchObject({ signed_in: true, email })
  const again = await page('/auth/confirm', { form: link, cookie: up.cookies })
  expect([again.status, again.cookies]).toEqual([401, ''])
  expect(again.html).toContain('action="/login/link"')
  expect(again.html).toContain(`value="${email}"`)
})

test('forms of another site’s pages are refused, and so are those without the session’s word', async () => {
  const person = await signedUp()
  const cookie = person.headers.Cookie
  await callPages('/auth/reset', {}, { email: person.email })
  const link = await linkOf(person.email)
  const email = newEmail()
  const forms: [string, Record<string, string>][] = [
    ['/signup', { email, password: PASSWORD }],
    ['/login', { email: person.email, password: PASSWORD }],
    ['/login/link', { email }],
    ['/reset', { email }],
    ['/auth/confirm', link],
    ['/account/password', { password: 'a word of a stranger', ...csrfOf(person) }],
    ['/sign-out', csrfOf(person)],
  ]
  for (const [path, form] of forms) {
    const refused = await page(path, { form, cookie, origin: EVIL })
    expect([path, refused.status, refused.cookies]).toEqual([path, 403, ''])
  }
  for (const [path, form] of [
    ['/account/password', { password: 'a word of a stranger' }],
    ['/sign-out', {}],
    ['/sign-out', { csrf_token: 'x'.repeat(43) }],
    ['/sign-out', { csrf_token: 'of\ntwo lines' }],
    ['/account/password', { password: 'a word of a stranger', csrf_token: '\0' }],
  ] as const) {
    const refused = await page(path, { form, cookie })
    expect([path, refused.status, refused.cookies]).toEqual([path, 403, ''])
  }
  expect((await callPages('/account/session', person.headers)).body['data']).toMatchObject({
    signed_in: true,
  })
  expect((await page('/auth/confirm', { form: link })).status).toBe(303)
})

test('no page tells whether somebody has an address', async () => {
  const { email } = await signedUp()
  const seen = async (path: string, email: string) => {
    const { status, location, cookies, html } = await page(path, {
      form: { email, password: 'some other word' },
    })
    const names = cookies.split('; ').map((cookie) => cookie.split('=')[0])
    return { status, location, names, html: html.replaceAll(email, '…') }
  }
  for (const path of ['/signup', '/login', '/login/link', '/reset']) {
    const [known, unknown] = await Promise.all([seen(path, email), seen(path, newEmail())])
    expect(unknown, path).toEqual(known)
  }
  const mailed = { cookie: '__Host-kb_mailed=someone%40example.com' }
  for (const path of ['/signup/sent', '/login/sent', '/reset/sent']) {
    expect(textOf(await page(path, mailed)), path).toContain('someone@example.com')
  }
})

test('a sign-in leads on to pages of ours alone', async () => {
  const person = await signedUp()
  const { email } = person
  const signIn = { email, password: PASSWORD }
  for (const [next, path] of [
    ['/dashboard/billing', '/dashboard/billing'],
    ['//evil.example', '/dashboard'],
    [`${EVIL}/dashboard`, '/dashboard'],
    ['/\\evil.example', '/dashboard'],
  ] as const) {
    expect((await page('/login', { form: { ...signIn, next } })).location, next).toBe(path)
    const query = new URLSearchParams({ next })
    expect((await page(`/login?${query}`)).html).not.toContain('evil')
    const changed = await page(`/account/password/changed?${query}`)
    expect(changed.html, next).toContain(`class="button" href="${path}"`)
    expect((await page(`/login?${query}`, { cookie: person.headers.Cookie })).location).toBe(path)
  }
  // The browser that asked for a link remembers where it was to lead.
  const asked = await page('/login/link', { form: { email, next: '/dashboard/billing' } })
  expect(asked.location).toBe('/login/sent')
  const form = { ...(await linkOf(email)), next: EVIL }
  const followed = await page('/auth/confirm', { form, cookie: asked.cookies })
  expect(followed.location).toBe('/dashboard/billing')
  const forged = await page('/login/link', { form: { email: newEmail(), next: EVIL } })
  expect(forged.cookies).not.toContain('evil')
})

test('what is wrong stands beside its field, what was typed stays, a password is never sent back', async () => {
  const wrong: [string, Record<string, string>, string][] = [
    ['/signup', { email: 'nobody', password: PASSWORD }, 'email'],
    ['/signup', { email: 'a<b>@example.com', password: 'hunter2' }, 'email'],
    ['/signup', { email: newEmail(), password: 'hunter2' }, 'password'],
    ['/login', { email: newEmail(), password: 'hunter2-hunter2' }, 'password'],
    ['/login', { email: newEmail(), password: '' }, 'password'],
    ['/login/link', { email: '' }, 'email'],
    ['/reset', { email: 'nobody' }, 'email'],
  ]
  for (const [path, form, param] of wrong) {
    const { status, html } = await page(path, { form })
    expect(status, path).toBeGreaterThan(400)
    expect(html.match(/id="(\w+)-fault"/)?.[1], `${path} ${param}`).toBe(param)
    expect(html).toContain(`aria-describedby="`)
    expect(html).toContain(`value="${(form['email'] ?? '').replace('<b>', '&lt;b&gt;')}"`)
    expect(html).not.toContain('hunter2')
  }
})

test('whoever tries too often is told how long to wait', async () => {
  await roomIn(3_600_000, 8000)
  const email = newEmail()
  const ask = () => page('/reset', { form: { email }, changed: { MAIL_ANSWER_MS: '0' } })
  for (let i = 0; i < 5; i++) expect((await ask()).status).toBe(303)
  const refused = await ask()
  expect(refused.status).toBe(429)
  expect(textOf(refused)).toMatch(/You can try again in \d+ (minute|second)s?\./)
  expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
  expect(refused.html).toContain(`value="${email}"`)
})

test('a session that is over, or too old, leads to sign-in, which says so and leads back', async () => {
  const dead = await page('/account/password', { cookie: '__Host-kb_refresh=never-issued' })
  expect(dead.location).toBe('/login?next=%2Faccount%2Fpassword&why=ended')
  expect(textOf(await page(dead.location ?? ''))).toContain('Your session is over')
  const none = await page('/account/password')
  expect(none.location).toBe('/login?next=%2Faccount%2Fpassword&why=needed')
  await hurtSupabase({ aheadMs: -601_000 })
  const old = await signedUp()
  const stale = await page('/account/password', { cookie: old.headers.Cookie })
  expect(stale.location).toBe('/login?next=%2Faccount%2Fpassword&why=fresh')
  const form = { password: 'a new word of mine', ...csrfOf(old) }
  const late = await page('/account/password', { form, cookie: old.headers.Cookie })
  expect(late.location).toBe('/login?next=%2Faccount%2Fpassword&why=fresh')
  const why = await page(stale.location ?? '', { cookie: old.headers.Cookie })
  expect(textOf(why)).toContain('of the last 10 minutes')
  expect(why.html).toContain(`value="${old.email}"`)
})

test('a link that leads nowhere says what to do next, whoever follows it', async () => {
  const [mine, theirs] = [await signedUp(), await signedUp()]
  const { Cookie: cookie } = mine.headers
  for (const query of ['', '?type=email', '?token_hash=short&type=email']) {
    const cut = await page(`/auth/confirm${query}`)
    expect([cut.status, textOf(cut).includes('not whole')]).toEqual([422, true])
    expect(cut.html).toContain('action="/login/link"')
  }
  const unsent = { token_hash: '0'.repeat(56), type: 'recovery' }
  const nowhere = await page('/auth/confirm', { form: unsent, cookie })
  expect([nowhere.status, nowhere.cookies]).toEqual([401, ''])
  expect(nowhere.html).toContain('action="/reset"')
  expect(textOf(nowhere)).toContain(`You are signed in as ${mine.email} already`)
  await callPages('/auth/reset', {}, { email: theirs.email })
  const link = await linkOf(theirs.email)
  expect(textOf(await page(`/auth/confirm?${new URLSearchParams(link)}`, { cookie }))).toContain(
    `signed in as ${mine.email}`,
  )
  const other = await page('/auth/confirm', { form: link, cookie })
  expect([other.status, other.cookies]).toEqual([403, ''])
  expect(textOf(other)).toContain('Somebody else is signed in')
  expect(other.html).toContain('action="/sign-out"')
  expect(textOf(other)).not.toContain(theirs.email)
})

test('who can have no account yet is told so, and that nothing is lost', async () => {
  const email = newEmail()
  await supabase('/signup', { email, password: PASSWORD })
  const { token_hash } = await lastMail(email)
  const session = await supabase<TestSession>('/verify', { type: 'email', token_hash })
  const { Cookie: cookie } = await headersOfSession(session)
  const full = await page('/dashboard', { cookie, changed: { NEW_ACCOUNTS_A_DAY: '1' } })
  expect([full.status, textOf(full).includes('not made yet')]).toEqual([429, true])
  expect(full.html).toContain('action="/sign-out"')
})

test('while Supabase is away each page says so, keeps what was typed, and signs out all the same', async () => {
  const person = await signedUp()
  const { email } = person
  await hurtSupabase({ away: 'cut' })
  const patient = { MAIL_ANSWER_MS: '20000' }
  for (const path of ['/login', '/signup', '/reset', '/login/link']) {
    const away = await page(path, { form: { email, password: PASSWORD }, changed: patient })
    expect([path, away.status]).toEqual([path, 503])
    expect(away.html).toContain(`value="${email}"`)
    expect(away.html).toContain('href="/status"')
  }
  const link = { type: 'email', token_hash: '0'.repeat(56) }
  const confirm = await page('/auth/confirm', { form: link })
  expect(confirm.status).toBe(503)
  expect(confirm.html).toContain(link.token_hash)
  expect((await page('/account/password', { cookie: '__Host-kb_refresh=unknown' })).status).toBe(
    503,
  )
  const out = await page('/sign-out', { form: csrfOf(person), cookie: person.headers.Cookie })
  expect([out.status, out.location]).toEqual([303, '/sign-out?told=no'])
  expect(out.cookies).toBe('__Host-kb_access=; __Host-kb_refresh=')
})

test('while the accounts cannot be read a browser is signed out all the same, by our own pages alone', async () => {
  const person = await signedUp()
  const { Cookie: cookie } = person.headers
  const changed = { HYPERDRIVE_ACCOUNT: undefined }
  const asked = await page('/sign-out', { cookie, changed })
  expect(textOf(asked)).toContain('forget your session all the same')
  const csrf_token = /name="csrf_token" value="([^"]*)"/.exec(asked.html)?.[1] ?? ''
  const forged = await page('/sign-out', { form: {}, cookie, changed })
  expect([forged.status, forged.cookies]).toEqual([403, ''])
  const out = await page('/sign-out', { form: { csrf_token }, cookie, changed })
  expect([out.status, out.location]).toEqual([303, '/sign-out'])
  expect(out.cookies).toBe('__Host-kb_access=; __Host-kb_refresh=')
})

test('a session that was renewed before something failed is kept', async () => {
  const [, cookie = ''] = (await signedUp()).headers.Cookie.split('; ')
  const away = await page('/dashboard', { cookie, changed: { HYPERDRIVE_ACCOUNT: undefined } })
  expect([away.status, away.headers.get('Cache-Control')]).toEqual([503, 'private, no-store'])
  expect((await page('/dashboard', { cookie: away.cookies })).status).toBe(200)
})

test('/account leads to the dashboard, and nothing but GET and POST is answered', async () => {
  expect((await page('/account')).location).toBe('/dashboard')
  expect((await page('/account', { form: {} })).status).toBe(405)
  expect((await page('/login/sent', { form: {} })).status).toBe(405)
})

test('what routes refuse with is said as sentences are, and waits as people say them', () => {
  expect(saySentence('must be an email address')).toBe('This must be an email address.')
  expect(saySentence('nobody new can sign up now')).toBe('Nobody new can sign up now.')
  expect([1, 1000, 89_000, 90_000, 720_000, 5_400_000].map(sayWait)).toEqual([
    '1 second',
    '1 second',
    '89 seconds',
    '2 minutes',
    '12 minutes',
    '2 hours',
  ])
})
