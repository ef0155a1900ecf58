import { createRemoteJWKSet, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { EMAIL, openSupabase, PASSWORD, SITE } from './supabase-rig.ts'

test('a sign-up is no session: the link that was mailed begins one, once', async () => {
  const rig = await openSupabase()
  const signedUp = await rig.client().signUp({ email: EMAIL, password: PASSWORD })
  expect(signedUp.error).toBeNull()
  expect(signedUp.data.session).toBeNull()
  expect(signedUp.data.user).toMatchObject({ email: EMAIL.toLowerCase(), role: 'authenticated' })
  expect(signedUp.data.user?.confirmation_sent_at).toBeDefined()
  expect(signedUp.data.user?.email_confirmed_at).toBeUndefined()
  const early = await rig.client().signInWithPassword({ email: EMAIL, password: PASSWORD })
  expect(early.error).toMatchObject({ status: 400, code: 'email_not_confirmed' })

  const [mail] = await rig.mails()
  expect(mail?.link).toBe(`${SITE}/auth/confirm?token_hash=${mail?.token_hash}&type=email`)
  const link = { type: 'email', token_hash: mail?.token_hash ?? '' } as const
  const first = await rig.client().verifyOtp(link)
  expect(first.data.session).toMatchObject({ token_type: 'bearer', expires_in: 3600 })
  expect(first.data.user?.email_confirmed_at).toBeDefined()
  const again = await rig.client().verifyOtp(link)
  expect(again.error).toMatchObject({ status: 403, code: 'otp_expired' })
  expect(again.error?.message).toBe('Token has expired or is invalid')
})

test('its access tokens are good by its public keys, and say what Supabase’s say', async () => {
  const rig = await openSupabase()
  const { access_token } = await rig.confirmed()
  const keys = createRemoteJWKSet(new URL(`${rig.url}/auth/v1/.well-known/jwks.json`))
  const { payload, protectedHeader } = await jwtVerify(access_token, keys, {
    issuer: `${rig.url}/auth/v1`,
    audience: 'authenticated',
    algorithms: ['ES256'],
  })
  expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'JWT', kid: expect.any(String) })
  expect(payload).toMatchObject({
    email: EMAIL.toLowerCase(),
    role: 'authenticated',
    aal: 'aal1',
    amr: [{ method: 'otp', timestamp: expect.any(Number) }],
    session_id: expect.any(String),
    is_anonymous: false,
  })
  const listed = (await (await fetch(`${rig.url}/auth/v1/.well-known/jwks.json`)).json()) as {
    keys: object[]
  }
  expect(listed.keys[0]).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'sig' })
  expect(listed.keys[0]).not.toHaveProperty('d')
  expect((await rig.client().getClaims(access_token)).error).toBeNull()
})

test('a link is good for an hour', async () => {
  const rig = await openSupabase()
  await rig.client().signUp({ email: EMAIL, password: PASSWORD })
  const token_hash = (await rig.mails())[0]?.token_hash ?? ''
  await rig.hurt({ aheadMs: 3_601_000 })
  const late = await rig.client().verifyOtp({ type: 'email', token_hash })
  expect(late.error).toMatchObject({ status: 403, code: 'otp_expired' })
})

test('who has an address already is signed up as nobody: the answer has the same form, and no mail goes out', async () => {
  const rig = await openSupabase()
  await rig.confirmed()
  const before = (await rig.mails()).length
  const again = await rig.client().signUp({ email: EMAIL, password: 'another word of mine' })
  expect(again.error).toBeNull()
  expect(again.data.user).toMatchObject({ identities: [], role: '' })
  expect((await rig.mails()).length).toBe(before)
  const old = await rig.client().signInWithPassword({ email: EMAIL, password: PASSWORD })
  expect(old.error).toBeNull()
})

test('what a sign-up lacks is refused by its code', async () => {
  const rig = await openSupabase()
  const weak = await rig.client().signUp({ email: EMAIL, password: 'short' })
  expect(weak.error).toMatchObject({ status: 422, code: 'weak_password', reasons: ['length'] })
  const form = await rig.client().signUp({ email: 'nobody', password: PASSWORD })
  expect(form.error).toMatchObject({ status: 400, code: 'validation_failed' })
  for (const password of ['x'.repeat(73), 'ä'.repeat(37)]) {
    const long = await rig.client().signUp({ email: EMAIL, password })
    expect(long.error).toMatchObject({ status: 400, code: 'validation_failed' })
  }
  const nobody = await rig.client().signInAnonymously()
  expect(nobody.error).toMatchObject({ status: 422, code: 'anonymous_provider_disabled' })
})

test('a wrong password and an unknown address are refused alike', async () => {
  const rig = await openSupabase()
  await rig.confirmed()
  const wrong = await rig.client().signInWithPassword({ email: EMAIL, password: 'something else' })
  const nobody = await rig.client().signInWithPassword({ email: 'no@example.com', password: 'x' })
  expect(wrong.error).toMatchObject({ status: 400, code: 'invalid_credentials' })
  expect(nobody.error?.toJSON()).toEqual(wrong.error?.toJSON())
  const right = await rig.client().signInWithPassword({ email: EMAIL, password: PASSWORD })
  expect(right.data.session?.user.last_sign_in_at).toBeDefined()
})

test('a magic link signs in, or makes a person when it may', async () => {
  const rig = await openSupabase()
  const no = await rig
    .client()
    .signInWithOtp({ email: EMAIL, options: { shouldCreateUser: false } })
  expect(no.error).toMatchObject({ status: 422, code: 'otp_disabled' })
  expect((await rig.client().signInWithOtp({ email: EMAIL })).error).toBeNull()
  const [mail] = await rig.mails()
  const code = { email: EMAIL, token: mail?.otp ?? '', type: 'email' } as const
  const entered = await rig.client().verifyOtp(code)
  expect(entered.data.session).not.toBeNull()
  await rig.client().signInWithOtp({ email: EMAIL })
  const token_hash = (await rig.mails()).at(-1)?.token_hash ?? ''
  expect((await rig.client().verifyOtp({ type: 'magiclink', token_hash })).error).toBeNull()
})

test('a forgotten password is replaced by way of a link; other sessions end then', async () => {
  const rig = await openSupabase()
  const old = await rig.confirmed()
  expect((await rig.client().resetPasswordForEmail('no@example.com')).error).toBeNull()
  expect(await rig.mails('no@example.com')).toEqual([])
  expect((await rig.client().resetPasswordForEmail(EMAIL)).error).toBeNull()
  const token_hash = (await rig.mails()).at(-1)?.token_hash ?? ''
  const auth = rig.client()
  await auth.verifyOtp({ type: 'recovery', token_hash })
  expect((await auth.updateUser({ password: PASSWORD })).error).toMatchObject({
    status: 422,
    code: 'same_password',
  })
  expect((await auth.updateUser({ password: 'the new word of mine' })).error).toBeNull()
  expect((await rig.client().getUser(old.access_token)).error).not.toBeNull()
  const before = await rig.client().signInWithPassword({ email: EMAIL, password: PASSWORD })
  expect(before.error?.code).toBe('invalid_credentials')
})

test('a refresh token is used once; it is taken again as long as its successor was not used, and for 10 s', async () => {
  const rig = await openSupabase()
  const { refresh_token: one } = await rig.confirmed()
  const refresh = async (token: string) => rig.client().refreshSession({ refresh_token: token })
  const [left, right] = await Promise.all([refresh(one), refresh(one)])
  const two = left.data.session?.refresh_token ?? ''
  expect(two).not.toBe(one)
  expect(right.data.session?.refresh_token).toBe(two)
  await rig.hurt({ aheadMs: 60_000 })
  expect((await refresh(one)).data.session?.refresh_token).toBe(two)
  expect((await refresh(two)).error).toBeNull()
  const stolen = await refresh(one)
  expect(stolen.error).toMatchObject({ status: 400, code: 'refresh_token_already_used' })
  expect((await refresh(two)).error).not.toBeNull()
  expect((await refresh('never-issued')).error).toMatchObject({ code: 'refresh_token_not_found' })
})

test('a session that was ended is not vouched for, while its token is good by itself', async () => {
  const rig = await openSupabase()
  const { access_token, refresh_token } = await rig.confirmed()
  expect((await rig.client().getUser(access_token)).data.user?.email).toBe(EMAIL.toLowerCase())
  expect((await rig.client().admin.signOut(access_token, 'local')).error).toBeNull()
  expect((await rig.client().getUser(access_token)).error?.name).toBe('AuthSessionMissingError')
  const late = await rig.client().refreshSession({ refresh_token })
  expect(late.error?.code).toBe('refresh_token_not_found')
  expect((await rig.client().getUser('no.token.this')).error).toMatchObject({ code: 'bad_jwt' })
})

test('people are deleted by the secret key alone', async () => {
  const rig = await openSupabase()
  const { access_token } = await rig.confirmed()
  const id = (await rig.client().getUser(access_token)).data.user?.id ?? ''
  expect((await rig.client().admin.deleteUser(id)).error).toMatchObject({
    status: 403,
    code: 'not_admin',
  })
  const operator = rig.client(rig.secretKey).admin
  expect((await operator.deleteUser(id)).error).toBeNull()
  expect((await operator.deleteUser(id)).error).toMatchObject({ code: 'user_not_found' })
  expect((await rig.client().getUser(access_token)).error).toMatchObject({ code: 'user_not_found' })
})
