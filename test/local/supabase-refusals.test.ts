import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mailboxPage } from '../../local/supabase/mailbox-page.ts'
import { EMAIL, openSupabase, PASSWORD } from './supabase-rig.ts'

test('a key that is none of the project’s, and a secret one in a browser, are refused with 401', async () => {
  const rig = await openSupabase()
  const stranger = await rig.client('sb_publishable_wrong').signInWithOtp({ email: EMAIL })
  expect(stranger.error).toMatchObject({ status: 401, message: 'Invalid API key' })
  const browser = { 'User-Agent': 'Mozilla/5.0' }
  const open = await rig.client(rig.secretKey, browser).signInWithOtp({ email: EMAIL })
  expect(open.error?.status).toBe(401)
  expect((await fetch(`${rig.url}/auth/v1/health`)).status).toBe(401)
  const headers = { apikey: rig.publishableKey }
  expect((await fetch(`${rig.url}/auth/v1/health`, { headers })).status).toBe(200)
  expect((await fetch(`${rig.url}/auth/v1/user`, { headers })).status).toBe(401)
  expect((await fetch(`${rig.url}/auth/v1/nowhere`, { headers })).status).toBe(404)
})

test('errors have the newer form for clients that ask for it, else the older', async () => {
  const rig = await openSupabase()
  const ask = (headers: Record<string, string>) =>
    fetch(`${rig.url}/auth/v1/verify`, {
      method: 'POST',
      headers: { apikey: rig.publishableKey, ...headers },
      body: '{"type":"email","token_hash":"unknown"}',
    })
  const newer = await ask({ 'X-Supabase-Api-Version': '2024-01-01' })
  expect(newer.headers.get('x-sb-error-code')).toBe('otp_expired')
  expect(newer.headers.get('x-supabase-api-version')).toBe('2024-01-01')
  expect(await newer.json()).toEqual({
    code: 'otp_expired',
    message: 'Token has expired or is invalid',
  })
  expect(await (await ask({})).json()).toEqual({
    code: 403,
    error_code: 'otp_expired',
    msg: 'Token has expired or is invalid',
  })
})

test('who asks too often is refused, by the address that a secret key says it asks for', async () => {
  const limits = { signIns: 2, verifications: 1, refreshes: 1, mails: 1000, mailEveryMs: 0 }
  const rig = await openSupabase({ limits })
  const from = (address: string, key = rig.secretKey) =>
    rig
      .client(key, { 'Sb-Forwarded-For': address })
      .signInWithPassword({ email: EMAIL, password: PASSWORD })
  await from('198.51.100.1')
  await from('198.51.100.1')
  const over = await from('198.51.100.1')
  expect(over.error).toMatchObject({ status: 429, code: 'over_request_rate_limit' })
  expect((await from('198.51.100.2')).error?.status).toBe(400)
  await from('198.51.100.3', rig.publishableKey)
  await from('198.51.100.4', rig.publishableKey)
  expect((await from('198.51.100.5', rig.publishableKey)).error?.status).toBe(429)
})

test('mails are limited: to one person a minute, and of the project in all', async () => {
  const limits = { signIns: 1000, verifications: 1000, refreshes: 1000, mails: 2 }
  const rig = await openSupabase({ limits })
  const reset = (email: string) => rig.client().signInWithOtp({ email })
  expect((await reset(EMAIL)).error).toBeNull()
  const soon = await reset(EMAIL)
  expect(soon.error).toMatchObject({ status: 429, code: 'over_email_send_rate_limit' })
  expect(soon.error?.message).toMatch(/^For security purposes, you can only request this after/)
  expect((await reset('bob@example.com')).error).toBeNull()
  const over = await reset('eve@example.com')
  expect(over.error?.message).toBe('email rate limit exceeded')
  // Nobody is made whose mail is not sent.
  const eve = { email: 'eve@example.com', password: PASSWORD }
  expect((await rig.client().signUp(eve)).error?.status).toBe(429)
  expect((await rig.client().signInWithPassword(eve)).error?.code).toBe('invalid_credentials')
})

test('what is no object of JSON is refused', async () => {
  const rig = await openSupabase()
  for (const body of ['[]', '"text"', '{']) {
    const headers = { apikey: rig.publishableKey }
    const answer = await fetch(`${rig.url}/auth/v1/otp`, { method: 'POST', headers, body })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('x-sb-error-code')).toBe('bad_json')
  }
})

test('a mail that cannot be handed over fails the call, which an outage is', async () => {
  const rig = await openSupabase()
  await rig.confirmed()
  await rig.hurt({ mailsFail: true })
  const known = await rig.client().resetPasswordForEmail(EMAIL)
  expect(known.error).toMatchObject({ name: 'AuthRetryableFetchError', status: 500 })
  expect((await rig.client().resetPasswordForEmail('no@example.com')).error).toBeNull()
})

test('an outage is one that the client takes for passing', async () => {
  const rig = await openSupabase()
  await rig.hurt({ away: 503 })
  const down = await rig.client().signInWithPassword({ email: EMAIL, password: PASSWORD })
  expect(down.error?.name).toBe('AuthRetryableFetchError')
  await rig.hurt({ away: 'cut' })
  const cut = await rig.client().signInWithPassword({ email: EMAIL, password: PASSWORD })
  expect(cut.error).toMatchObject({ name: 'AuthRetryableFetchError', status: 0 })
  const unasked = await fetch(`${rig.url}/control`, { method: 'POST', body: '{"away":null}' })
  expect(unasked.status).toBe(403)
})

test('what it knows is kept in a file for its owner alone, sessions and key too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kb-supabase-'))
  try {
    const file = join(folder, 'supabase.json')
    const first = await openSupabase({ file })
    const { refresh_token } = await first.confirmed()
    await first.stop()
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const keys = { publishableKey: first.publishableKey, secretKey: first.secretKey }
    const second = await openSupabase({ file, keys })
    const renewed = await second.client().refreshSession({ refresh_token })
    expect(renewed.error).toBeNull()
    expect((await second.mails()).length).toBe(1)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('the mailbox is a page without script, in which nothing of a mail is markup', async () => {
  const rig = await openSupabase()
  expect(await (await fetch(rig.url)).text()).toContain('None yet')
  await rig.client().signUp({ email: EMAIL, password: PASSWORD })
  const page = await (await fetch(rig.url)).text()
  expect(page).toContain('Confirm your address')
  expect(page).not.toContain('<script')
  const mail = { id: 1, subject: '<i>', token_hash: '', otp: '', sent_at: '' }
  const hostile = mailboxPage([{ ...mail, to: '"<b>x"@example.com', link: 'https://a/?b="><b>' }])
  expect(hostile).not.toMatch(/<[bi]>/)
})

test('a page of another host that leads here is told nothing', async () => {
  const rig = await openSupabase()
  const { port } = new URL(rig.url)
  const asked = request({ port, path: '/outbox', headers: { Host: 'rebound.example' } }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.resume()
  expect(response.statusCode).toBe(421)
})
