import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterEach, expect, test } from 'vitest'
import { makeApp } from '../../worker/app.ts'
import type { Env } from '../../worker/env.ts'
import { type Answer, call, errorOf } from './api.ts'
import {
  callPages,
  headersOfSession,
  hurtSupabase,
  newEmail,
  ORIGIN,
  PASSWORD,
  type PersonHeaders,
  signedInAgain,
  signedUp,
  supabase,
  type TestSession,
} from './people.ts'

const RIGHT = { aheadMs: 0, away: null, accessTokenS: 3600, claims: {} } as const
afterEach(() => hurtSupabase(RIGHT))

/** Asks who is signed in, with an access token and a refresh token that nobody issued. */
async function tellOf(access: string, more: Partial<Env> = {}): Promise<unknown> {
  const Cookie = `__Host-kb_access=${access}; __Host-kb_refresh=never-issued`
  const context = createExecutionContext()
  const request = new Request(`${ORIGIN}/account/session`, { headers: { Cookie } })
  const response = await makeApp().fetch(request, { ...env, ...more }, context)
  const body = (await response.json()) as { data?: { signed_in: boolean } }
  await waitOnExecutionContext(context)
  return body.data?.signed_in ?? response.status
}

function accessOf({ Cookie }: PersonHeaders): string {
  return /__Host-kb_access=([^;]+)/.exec(Cookie)?.[1] ?? ''
}

function cookiesOf(headers: Headers): string[] {
  return headers.getSetCookie()
}

test('who is signed in is told with their account and what their pages need', async () => {
  const person = await signedUp()
  const told = await callPages('/account/session', person.headers)
  expect(told.body['data']).toEqual({
    signed_in: true,
    email: person.email,
    account_id: person.accountId,
    signed_in_ts: expect.stringMatching(/Z$/),
    fresh_until_ts: expect.stringMatching(/Z$/),
    csrf_token: person.headers['X-CSRF-Token'],
  })
  expect(told.headers.get('Cache-Control')).toBe('private, no-store')
  expect(told.headers.get('Access-Control-Allow-Origin')).toBeNull()
  expect((await callPages('/account/session')).body['data']).toEqual({ signed_in: false })
})

test('a token of another issuer, another audience, another role or nobody’s is no session', async () => {
  const person = await signedUp()
  const good = accessOf(person.headers)
  expect(await tellOf(good)).toBe(true)
  const elsewhere = (env.SUPABASE_URL ?? '').replace('127.0.0.1', 'localhost')
  expect(await tellOf(good, { SUPABASE_URL: elsewhere })).toBe(false)
  for (const claims of [
    { iss: 'https://example.com/auth/v1' },
    { aud: 'anon' },
    { role: 'anon' },
    { is_anonymous: true },
    { session_id: null },
    { exp: null },
    { exp: 1 },
  ]) {
    await hurtSupabase({ claims })
    const body = { email: person.email, password: PASSWORD }
    const session = await supabase<TestSession>('/token?grant_type=password', body)
    expect(await tellOf(session.access_token), JSON.stringify(claims)).toBe(false)
  }
})

test('a token that Supabase did not sign is no session: no algorithm, a shared secret, another key, a changed word', async () => {
  const person = await signedUp()
  const good = accessOf(person.headers)
  const [head = '', payload = '', signature = ''] = good.split('.')
  const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as object
  const { kid } = JSON.parse(atob(head)) as { kid: string }
  const jwks = (await (
    await fetch(`${env.SUPABASE_URL}/auth/v1/.well-known/jwks.json`)
  ).json()) as {
    keys: JWK[]
  }
  const base64 = (value: unknown) =>
    btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  const sign = (alg: string, key: CryptoKey | Uint8Array, header = {}) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(key)
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const shared = new TextEncoder().encode(JSON.stringify(jwks.keys[0]))
  const forged: Record<string, string> = {
    none: `${base64({ alg: 'none', typ: 'JWT' })}.${payload}.`,
    'none by kid': `${base64({ alg: 'none', kid })}.${payload}.${signature}`,
    HS256: await sign('HS256', shared),
    'another key': await sign('ES256', privateKey),
    'another kid': await sign('ES256', privateKey, { kid: 'of-mine' }),
    'its own key': await sign('ES256', privateKey, { jwk: await exportJWK(publicKey) }),
    changed: `${head}.${base64({ ...claims, email: 'eve@example.com' })}.${signature}`,
    garbage: 'no.token.this',
    empty: '',
  }
  for (const [how, token] of Object.entries(forged)) expect(await tellOf(token), how).toBe(false)
})

test('an expired token is renewed by the refresh token, for two requests at once too', async () => {
  await hurtSupabase({ accessTokenS: -10 })
  const email = newEmail()
  await signedUp(email)
  const old = await supabase<TestSession>('/token?grant_type=password', {
    email,
    password: PASSWORD,
  })
  await hurtSupabase({ accessTokenS: 3600 })
  const headers = await headersOfSession(old)
  const both = await Promise.all([1, 2].map(() => callPages('/account/session', headers)))
  for (const one of both) {
    expect(one.body['data']).toMatchObject({ signed_in: true, email })
    const [access = '', refresh = ''] = cookiesOf(one.headers)
    const terms = '; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Lax'
    expect(access).toMatch(new RegExp(`^__Host-kb_access=[\\w.-]+${terms}$`))
    expect(refresh).toMatch(new RegExp(`^__Host-kb_refresh=[\\w-]+${terms}$`))
  }
  // Whoever missed the first answer comes again with what they had.
  const late = await callPages('/account/session', headers)
  expect(late.body['data']).toMatchObject({ signed_in: true })
  expect((await callPages('/account/session', headers)).body['data']).toMatchObject({
    csrf_token: headers['X-CSRF-Token'],
  })
})

test('a refresh token that is refused signs nobody in, and takes no cookie away', async () => {
  const person = await signedUp()
  const Cookie = '__Host-kb_access=x; __Host-kb_refresh=never-issued'
  const told = await callPages('/account/session', { ...person.headers, Cookie })
  expect(told.body['data']).toEqual({ signed_in: false })
  expect(cookiesOf(told.headers)).toEqual([])
})

test('what changes something needs the session’s own CSRF token and our own origin', async () => {
  const [person, other] = [await signedUp(), await signedUp()]
  const { 'X-CSRF-Token': own, ...unmarked } = person.headers
  const tries: [Record<string, string>, string][] = [
    [unmarked, 'X-CSRF-Token'],
    [{ ...unmarked, 'X-CSRF-Token': '' }, 'X-CSRF-Token'],
    [{ ...unmarked, 'X-CSRF-Token': other.headers['X-CSRF-Token'] }, 'X-CSRF-Token'],
    [{ ...person.headers, Origin: 'https://evil.example' }, 'Origin'],
    [{ ...person.headers, Origin: 'null' }, 'Origin'],
    [{ ...person.headers, Origin: `${ORIGIN}.evil.example` }, 'Origin'],
    [{ ...person.headers, Origin: 'http://kalshibook.test' }, 'Origin'],
  ]
  for (const path of ['/account/delete', '/auth/password', '/auth/sign-out']) {
    for (const [headers, param] of tries) {
      const refused = await callPages(path, headers, {})
      expect(errorOf(refused), `${path} ${JSON.stringify(headers)}`).toMatchObject({
        code: 'forbidden',
        param,
      })
    }
  }
  const form = await callForm('/auth/sign-out', unmarked, { csrf_token: own })
  expect(form.status).toBe(200)
})

async function callForm(path: string, headers: object, fields: Record<string, string>) {
  const context = createExecutionContext()
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const request = new Request(`${ORIGIN}${path}`, {
    method: 'POST',
    headers: { ...headers, ...type },
    body: new URLSearchParams(fields).toString(),
  })
  const response = await makeApp().fetch(request, env, context)
  await waitOnExecutionContext(context)
  return response
}

test('a fresh session is one of the last 10 minutes that Supabase still knows', async () => {
  const { email } = await signedUp()
  await hurtSupabase({ aheadMs: -601_000 })
  const stale = await signedInAgain(email)
  await hurtSupabase({ aheadMs: 0 })
  const password = 'another word of mine'
  const late = await callPages('/auth/password', stale.headers, { password })
  expect(errorOf(late)).toMatchObject({ code: 'forbidden', param: 'session' })

  const fresh = await signedInAgain(email)
  const ended = await signedInAgain(email)
  expect((await callPages('/auth/sign-out', ended.headers, {})).status).toBe(200)
  const told = await callPages('/account/session', ended.headers)
  expect(told.body['data']).toMatchObject({ signed_in: true })
  const after = await callPages('/auth/password', ended.headers, { password })
  expect(errorOf(after).code).toBe('unauthorized')
  expect((await callPages('/auth/password', fresh.headers, { password })).status).toBe(200)
  const gone = await callPages('/account/delete', ended.headers, {})
  expect(gone.status).toBe(401)
})

test('sign-out ends the session at Supabase and in the browser', async () => {
  const person = await signedUp()
  const out = await callPages('/auth/sign-out', person.headers, {})
  expect(out.body['data']).toEqual({ signed_out: true, ended: true })
  for (const cookie of cookiesOf(out.headers)) {
    expect(cookie).toMatch(/^__Host-kb_(access|refresh)=; Max-Age=0; Path=\/; HttpOnly; Secure/)
  }
  expect(cookiesOf(out.headers).length).toBe(2)
  const refresh = /__Host-kb_refresh=(\S+)/.exec(person.headers.Cookie)?.[1] ?? ''
  const Cookie = `__Host-kb_refresh=${refresh}`
  const after = await callPages('/account/session', { ...person.headers, Cookie })
  expect(after.body['data']).toEqual({ signed_in: false })
  expect((await callPages('/auth/sign-out', {}, {})).status).toBe(200)
})

/** Calls as a page does, where an answer about an address takes long: that Supabase is away is told at once. */
async function callPatiently(path: string, body: object): Promise<Answer> {
  const context = createExecutionContext()
  const headers = { Origin: ORIGIN, 'Content-Type': 'application/json' }
  const request = new Request(`${ORIGIN}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  const patient = { ...env, MAIL_ANSWER_MS: '20000' }
  const response = await makeApp().fetch(request, patient, context)
  await waitOnExecutionContext(context)
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

test('while Supabase is away its routes say so, sessions last, and API keys work', async () => {
  const person = await signedUp()
  for (const away of [503, 'cut'] as const) {
    const email = newEmail()
    await hurtSupabase({ away })
    const mailed = { email, password: PASSWORD }
    const password = 'another word of mine'
    const calls = [
      callPages('/auth/sign-in', {}, mailed),
      callPatiently('/auth/sign-up', mailed),
      callPatiently('/auth/reset', { email }),
      callPatiently('/auth/magic-link', { email }),
      callPages('/auth/confirm', {}, { type: 'email', token_hash: '0123456789abcdef' }),
      callPages('/auth/password', person.headers, { password }),
      callPages('/account/delete', person.headers, {}),
      callPages('/account/session', { Cookie: '__Host-kb_refresh=never-issued' }),
    ]
    for (const answer of await Promise.all(calls)) {
      expect(errorOf(answer).code).toBe('upstream_degraded')
      expect(answer.headers.get('Retry-After')).toBe('1')
      expect(cookiesOf(answer.headers)).toEqual([])
    }
    expect((await callPages('/account/session', person.headers)).body['data']).toMatchObject({
      signed_in: true,
    })
    expect((await call('/v1/markets?limit=1')).status).toBe(200)
  }
  const out = await callPages('/auth/sign-out', person.headers, {})
  expect(out.body['data']).toEqual({ signed_out: true, ended: false })
})

test('without its variables nobody is signed in, and that is said', async () => {
  const person = await signedUp()
  for (const name of [
    'SUPABASE_URL',
    'SUPABASE_PUBLISHABLE_KEY',
    'SUPABASE_SECRET_KEY',
    'SESSION_SECRET_V1',
  ] as const) {
    expect(await tellOf(accessOf(person.headers), { [name]: '' }), name).toBe(503)
  }
})
