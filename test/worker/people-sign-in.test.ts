import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, expect, test, vi } from 'vitest'
import { makeApp } from '../../worker/app.ts'
import { type Answer, errorOf } from './api.ts'
import {
  callPages,
  hurtSupabase,
  lastMail,
  mailsTo,
  newEmail,
  ORIGIN,
  PASSWORD,
  signedUp,
} from './people.ts'
import { roomIn } from './room-in.ts'

/** Sign-ins are counted by quarters of an hour. */
const QUARTER_MS = 900_000

const RIGHT = { aheadMs: 0, away: null, accessTokenS: 3600, claims: {}, mailsFail: false } as const
afterEach(() => hurtSupabase(RIGHT))

/** The cookies that an answer sets, as a browser sends them back. */
function cookieOf({ headers }: Answer): string {
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

/** Follows the link of the last mail to an address, and presses the button of its page. */
async function follow(email: string, more: object = {}, Cookie = ''): Promise<Answer> {
  const { pathname, searchParams } = new URL((await lastMail(email)).link)
  return callPages(pathname, { Cookie }, { ...Object.fromEntries(searchParams), ...more })
}

/** Where an answer leads on to. */
function nextOf({ body }: Answer): unknown {
  return (body['data'] as { next?: unknown } | undefined)?.next
}

test('somebody signs up, follows the link, and is signed in; later by their password', async () => {
  const email = newEmail()
  const up = await callPages(
    '/auth/sign-up',
    {},
    { email: ` ${email.toUpperCase()} `, password: PASSWORD },
  )
  expect([up.status, up.body['data']]).toEqual([200, { mailed: true }])
  expect(cookieOf(up)).toMatch(/^__Host-kb_sign_up=\d{13}\.[\w-]{43}$/)
  const early = await callPages('/auth/sign-in', {}, { email, password: PASSWORD })
  expect(errorOf(early)).toMatchObject({ code: 'forbidden', param: 'email' })

  const confirmed = await follow(email, {}, cookieOf(up))
  expect(confirmed.body['data']).toEqual({ signed_in: true, next: '/dashboard/keys?first=1' })
  expect(confirmed.headers.get('Cache-Control')).toBe('private, no-store')
  const told = await callPages('/account/session', { Cookie: cookieOf(confirmed) })
  expect(told.body['data']).toMatchObject({ signed_in: true, email })

  const again = await follow(email)
  expect(errorOf(again)).toMatchObject({ code: 'unauthorized' })
  expect(cookieOf(again)).toBe('')

  const back = await callPages('/auth/sign-in', {}, { email, password: PASSWORD })
  expect(back.body['data']).toEqual({ signed_in: true, email, csrf_token: expect.any(String) })
  const { csrf_token } = back.body['data'] as { csrf_token: string }
  const headers = { Cookie: cookieOf(back), 'X-CSRF-Token': csrf_token }
  expect((await callPages('/auth/sign-out', headers, {})).status).toBe(200)
})

test('a password that a stranger chose for an address is none once its owner confirms', async () => {
  const sent = (email: string, password: string) =>
    callPages('/auth/sign-up', {}, { email, password })
  for (const owner of ['signs up too', 'has a link sent', 'follows the link that comes']) {
    const email = newEmail()
    await hurtSupabase({ aheadMs: -61_000 })
    const strangers = cookieOf(await sent(email, 'the word of a stranger'))
    await hurtSupabase({ aheadMs: 0 })
    let Cookie = ''
    if (owner === 'signs up too') Cookie = cookieOf(await sent(email, PASSWORD))
    if (owner === 'has a link sent') await callPages('/auth/magic-link', {}, { email })
    const confirmed = await follow(email, { next: '/playground' }, Cookie)
    expect(nextOf(confirmed), owner).toBe(
      '/account/password?first=1&next=%2Fdashboard%2Fkeys%3Ffirst%3D1',
    )
    const stranger = { email, password: 'the word of a stranger' }
    const refused = await callPages('/auth/sign-in', { Cookie: strangers }, stranger)
    expect(errorOf(refused).code, owner).toBe('unauthorized')

    const own = { Cookie: cookieOf(confirmed) }
    const told = await callPages('/account/session', own)
    const { csrf_token } = told.body['data'] as { csrf_token: string }
    const headers = { ...own, 'X-CSRF-Token': csrf_token }
    const chosen = await callPages('/auth/password', headers, { password: PASSWORD })
    expect(chosen.status, owner).toBe(200)
    expect((await callPages('/auth/sign-in', {}, { email, password: PASSWORD })).status).toBe(200)
  }
})

test('a link leads on to pages of ours alone, and is good for an hour', async () => {
  const { email } = await signedUp()
  const nexts: [string, string][] = [
    ['/dashboard/keys', '/dashboard/keys'],
    ['//evil.example', '/dashboard'],
    ['https://evil.example/dashboard', '/dashboard'],
  ]
  for (const [i, [next, path]] of nexts.entries()) {
    // Supabase mails to one person once a minute.
    await hurtSupabase({ aheadMs: i * 61_000 })
    await callPages('/auth/magic-link', {}, { email })
    expect(nextOf(await follow(email, { next })), next).toBe(path)
  }
  await hurtSupabase({ aheadMs: 0 })
  const { email: late } = await signedUp()
  await callPages('/auth/reset', {}, { email: late })
  await hurtSupabase({ aheadMs: 3_601_000 })
  expect(errorOf(await follow(late)).code).toBe('unauthorized')
})

test('a link of somebody else’s takes nobody’s session from them', async () => {
  const [mine, theirs] = [await signedUp(), await signedUp()]
  await hurtSupabase({ aheadMs: 61_000 })
  await callPages('/auth/magic-link', {}, { email: theirs.email })
  const led = await follow(theirs.email, {}, mine.headers.Cookie)
  expect(errorOf(led)).toMatchObject({ code: 'forbidden', param: 'session' })
  expect(cookieOf(led)).toBe('')
  await hurtSupabase({ aheadMs: 122_000 })
  await callPages('/auth/magic-link', {}, { email: mine.email })
  expect((await follow(mine.email, {}, mine.headers.Cookie)).status).toBe(200)
})

test('a link that is not whole, or that nobody sent, is refused', async () => {
  const confirm = (body: object, more = {}) => callPages('/auth/confirm', more, body)
  const token_hash = '0'.repeat(56)
  for (const [link, param] of [
    [{}, 'token_hash'],
    [{ type: 'email' }, 'token_hash'],
    [{ type: 'email', token_hash: 'x' }, 'token_hash'],
    [{ token_hash }, 'type'],
    [{ type: 'invite', token_hash }, 'type'],
  ] as const) {
    expect(errorOf(await confirm(link))).toMatchObject({ code: 'invalid_param', param })
  }
  expect(errorOf(await confirm({ type: 'email', token_hash })).code).toBe('unauthorized')
  const foreign = { Origin: 'https://evil.example' }
  const refused = await confirm({ type: 'email', token_hash }, foreign)
  expect(errorOf(refused)).toMatchObject({ code: 'forbidden', param: 'Origin' })
})

test('a forgotten password is replaced by way of a link', async () => {
  const { email } = await signedUp()
  expect((await callPages('/auth/reset', {}, { email })).status).toBe(200)
  const followed = await follow(email)
  expect(nextOf(followed)).toBe('/account/password?next=%2Fdashboard')
  const Cookie = cookieOf(followed)
  const told = await callPages('/account/session', { Cookie })
  const { csrf_token } = told.body['data'] as { csrf_token: string }
  const headers = { Cookie, 'X-CSRF-Token': csrf_token }
  const change = (password: unknown) => callPages('/auth/password', headers, { password })
  expect(errorOf(await change('short'))).toMatchObject({ code: 'invalid_param', param: 'password' })
  expect(errorOf(await change(PASSWORD))).toMatchObject({ param: 'password' })
  expect((await change('the new word of mine')).status).toBe(200)
  const old = await callPages('/auth/sign-in', {}, { email, password: PASSWORD })
  expect(errorOf(old).code).toBe('unauthorized')
  const now = await callPages('/auth/sign-in', {}, { email, password: 'the new word of mine' })
  expect(now.status).toBe(200)
})

test('nothing tells whether somebody has an address: not the answer, not its headers, not its time', async () => {
  const { email } = await signedUp()
  const unknown = newEmail()
  const unconfirmed = newEmail()
  await callPages('/auth/sign-up', {}, { email: unconfirmed, password: PASSWORD })
  const seen = async (path: string, body: object) => {
    const answer = await callPages(path, {}, body)
    const { request_id: _id, error, data, meta } = answer.body as Record<string, unknown>
    const headers = [...answer.headers.keys()].sort()
    const waited = answer.ms >= Number(env.MAIL_ANSWER_MS) - 5
    return { status: answer.status, error, data, headers, waited, shape: Object.keys(meta ?? {}) }
  }
  const sent = (email: string) => ({ email, password: 'some other word' })
  for (const path of ['/auth/sign-in', '/auth/sign-up', '/auth/magic-link', '/auth/reset']) {
    const all = [email, unknown, unconfirmed].map((one) => seen(path, sent(one)))
    const [known, ...others] = await Promise.all(all)
    expect(known?.waited, path).toBe(true)
    expect(others, path).toEqual([known, known])
  }
  expect(await mailsTo(unconfirmed)).not.toEqual([])
})

test('nor does a mail that cannot be handed over', async () => {
  const { email } = await signedUp()
  const unknown = newEmail()
  await hurtSupabase({ mailsFail: true })
  for (const path of ['/auth/sign-up', '/auth/magic-link', '/auth/reset']) {
    const sent = [email, unknown].map((one) =>
      callPages(path, {}, { email: one, password: PASSWORD }),
    )
    for (const answer of await Promise.all(sent)) {
      expect([answer.status, answer.body['data']], path).toEqual([200, { mailed: true }])
    }
  }
})

test('what is wrong with what was sent is said by field, and never repeated', async () => {
  const email = newEmail()
  const wrong: [string, unknown, string][] = [
    ['/auth/sign-up', { email: 'nobody', password: PASSWORD }, 'email'],
    ['/auth/sign-up', { password: PASSWORD }, 'email'],
    ['/auth/sign-up', { email: ['a@example.com'], password: PASSWORD }, 'email'],
    ['/auth/sign-up', { email: `${'a'.repeat(250)}@example.com`, password: PASSWORD }, 'email'],
    ['/auth/sign-up', { email, password: 'hunter2' }, 'password'],
    ['/auth/sign-up', { email, password: 'ä'.repeat(40) }, 'password'],
    ['/auth/sign-up', { email }, 'password'],
    ['/auth/sign-in', { email }, 'password'],
    ['/auth/magic-link', {}, 'email'],
    ['/auth/reset', 'text', 'body'],
    ['/auth/reset', [1], 'body'],
    ['/auth/reset', { email: 'x'.repeat(20_000) }, 'body'],
  ]
  for (const [path, body, param] of wrong) {
    const error = errorOf(await callPages(path, {}, body))
    expect(error, `${path} ${param}`).toMatchObject({ code: 'invalid_param', param })
    expect(JSON.stringify(error)).not.toContain('hunter2')
  }
  const plain = { 'Content-Type': 'text/plain' }
  expect(errorOf(await callPages('/auth/reset', plain, { email })).param).toBe('body')
  const foreign = { Origin: 'https://evil.example' }
  for (const path of ['/auth/sign-in', '/auth/sign-up', '/auth/reset', '/auth/magic-link']) {
    const refused = await callPages(path, foreign, { email, password: PASSWORD })
    expect(errorOf(refused)).toMatchObject({ code: 'forbidden', param: 'Origin' })
    expect((await callPages(path)).status).toBe(405)
  }
})

test('whoever tries too often waits: for an address of mail, and from a network', async () => {
  await roomIn(QUARTER_MS, 8000)
  const { email } = await signedUp()
  const wrong = (email: string, ip: string) =>
    callWith({ MAIL_ANSWER_MS: '0' }, '/auth/sign-in', ip, { email, password: 'wrong' })
  const of = async (count: number, run: (i: number) => Promise<Response>) =>
    (await Promise.all(Array.from({ length: count }, (_, i) => run(i)))).map(({ status }) => status)
  const one = await of(12, (i) =>
    wrong(i % 2 === 0 ? email : email.replace('@', '+x@'), `203.0.${i}.1`),
  )
  expect(one.filter((status) => status === 401).length).toBe(10)
  const right = { email, password: PASSWORD }
  const locked = await callWith({}, '/auth/sign-in', '198.51.100.1', right)
  expect(locked.status).toBe(429)
  expect(Number(locked.headers.get('Retry-After'))).toBeGreaterThan(0)
  expect(Number(locked.headers.get('Retry-After'))).toBeLessThanOrEqual(900)

  const network = `203.${Date.now() % 250}.113`
  const many = await of(62, (i) => wrong(`nobody-${i}-${email}`, `${network}.${i}`))
  expect(many.filter((status) => status === 429).length).toBe(2)
})

test('nobody locks out a browser with which somebody signed in before', async () => {
  await roomIn(QUARTER_MS, 8000)
  const { email } = await signedUp()
  const right = { email, password: PASSWORD }
  const Cookie = cookieOf(await callPages('/auth/sign-in', {}, right))
  const other = cookieOf(
    await callPages('/auth/sign-in', {}, { email: (await signedUp()).email, password: PASSWORD }),
  )
  const brief = { MAIL_ANSWER_MS: '0' }
  const tried = (path: string, i: number, body: object, Cookie = '') =>
    callWith(brief, path, `203.1.${i}.1`, body, { Cookie }).then(({ status }) => status)
  const wrong = { email, password: 'wrong' }
  await Promise.all(Array.from({ length: 12 }, (_, i) => tried('/auth/sign-in', i, wrong)))
  await Promise.all(Array.from({ length: 6 }, (_, i) => tried('/auth/reset', i, { email })))
  const forged = Cookie.replace(/known=../, 'known=AA')
  for (const none of ['', other, forged]) {
    expect(await tried('/auth/sign-in', 99, right, none)).toBe(429)
    expect(await tried('/auth/reset', 99, { email }, none)).toBe(429)
  }
  expect(await tried('/auth/sign-in', 99, right, Cookie)).toBe(200)
  expect(await tried('/auth/reset', 99, { email }, Cookie)).toBe(200)
  // Who stole it tries no more often than anybody.
  const tries = Array.from({ length: 10 }, (_, i) => tried('/auth/sign-in', i, wrong, Cookie))
  expect((await Promise.all(tries)).filter((status) => status === 429)).toHaveLength(1)
})

test('one address gets five mails an hour from us, whether it is somebody’s or not', async () => {
  await roomIn(4 * QUARTER_MS, 8000)
  for (const email of [newEmail(), (await signedUp()).email]) {
    const ask = () => callWith({ MAIL_ANSWER_MS: '0' }, '/auth/reset', '127.0.0.1', { email })
    const statuses = []
    for (let i = 0; i < 6; i++) statuses.push((await ask()).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
  }
})

async function callWith(
  changed: Record<string, string>,
  path: string,
  address: string,
  body: object,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const context = createExecutionContext()
  const headers = {
    Origin: ORIGIN,
    'Content-Type': 'application/json',
    'CF-Connecting-IP': address,
    ...more,
  }
  const request = new Request(`${ORIGIN}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  const response = await makeApp().fetch(request, { ...env, ...changed }, context)
  await waitOnExecutionContext(context)
  return response
}

test('no password, link, token or cookie is ever logged', async () => {
  const logs = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(() => {}),
  )
  try {
    const person = await signedUp()
    const { email } = person
    await callPages('/auth/reset', {}, { email })
    const { link, token_hash } = await lastMail(email)
    const followed = await follow(email)
    await follow(email)
    await callPages('/auth/sign-in', {}, { email, password: 'hunter2-hunter2' })
    await hurtSupabase({ away: 'cut' })
    await callPages('/auth/sign-in', {}, { email, password: 'hunter2-hunter2' })
    await callPages('/auth/password', person.headers, { password: 'hunter2-hunter2' })
    const said = JSON.stringify(logs.flatMap((log) => log.mock.calls))
    const secrets = [email, link, token_hash, 'hunter2', cookieOf(followed), 'eyJ', '__Host']
    for (const secret of secrets) expect(said).not.toContain(secret)
  } finally {
    for (const log of logs) log.mockRestore()
  }
})
