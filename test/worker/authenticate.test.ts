import { env } from 'cloudflare:workers'
import { expect, test, vi } from 'vitest'
import { makeApiKey } from '#core/api-key'
import { hmac, printHex } from '../../worker/hmac.ts'
import { call, errorOf } from './api.ts'
import { asOwner } from './store.ts'

const PATH = '/v1/markets?limit=1'
const { good, revoked, expired } = env.TEST_KEYS
const stranger = makeApiKey(crypto.getRandomValues(new Uint8Array(128)))

test.each([
  ['no key', {}],
  ['an empty key', { Authorization: 'Bearer ' }],
  ['another scheme', { Authorization: `Basic ${good}` }],
  ['a word that is no key', { Authorization: 'Bearer kb_live_wrong' }],
  [
    'a key with a letter changed',
    { 'X-API-Key': `${good.slice(0, -1)}${good.endsWith('a') ? 'b' : 'a'}` },
  ],
  ['a key that was never made', { 'X-API-Key': stranger }],
  ['two different keys', { Authorization: `Bearer ${good}`, 'X-API-Key': stranger }],
  ['an expired key', { 'X-API-Key': expired }],
])('%s opens nothing', async (_, headers) => {
  const answer = await call(PATH, headers)
  expect(answer.status).toBe(401)
  expect(errorOf(answer).code).toBe('unauthorized')
})

test('a revoked key is told so', async () => {
  const answer = await call(PATH, { 'X-API-Key': revoked })
  expect(answer.status).toBe(401)
  expect(errorOf(answer).code).toBe('key_revoked')
})

test('a good key opens in either header, and in both', async () => {
  for (const headers of [
    { Authorization: `Bearer ${good}` },
    { Authorization: `bearer ${good}` },
    { 'X-API-Key': good },
    { Authorization: `Bearer ${good}`, 'X-API-Key': good },
  ]) {
    expect((await call(PATH, headers)).status).toBe(200)
  }
})

test('a key in the address is never taken', async () => {
  const answer = await call(`/v1/markets?key=${good}`, {})
  expect(answer.status).toBe(401)
  expect(JSON.stringify(answer.body)).not.toContain(good)
})

test('without a key an unknown path says no more than a known one, and the status is open', async () => {
  expect((await call('/v1/nowhere', {})).status).toBe(401)
  expect((await call('/v1/markets', {}, 'POST')).status).toBe(401)
  expect((await call('/v1/markets/a%20b', {})).status).toBe(401)
  expect((await call('/v1/status', {})).status).toBe(200)
})

test('a stream is refused on its upgrade', async () => {
  const answer = await call('/v1/markets/A-B-C/stream', { Upgrade: 'websocket' })
  expect(answer.status).toBe(401)
  expect(errorOf(answer).code).toBe('unauthorized')
})

test('a key that was good is refused within five seconds of its revocation', async () => {
  const key = makeApiKey(crypto.getRandomValues(new Uint8Array(128)))
  const hash = printHex(await hmac(env.KEY_PEPPER_V1 ?? '', key))
  await asOwner(async (sql) => {
    await sql`
      insert into kb.api_keys (account_id, hash, pepper_version, display, scopes, created_us)
      select id, decode(${hash}::text, 'hex'), 1, ${key.slice(0, 12)}, '{live}', 1
      from kb.accounts limit 1`
  })
  const began = Date.now()
  expect((await call(PATH, { 'X-API-Key': key })).status).toBe(200)
  await asOwner(async (sql) => {
    await sql`update kb.api_keys set revoked_us = 2 where hash = decode(${hash}::text, 'hex')`
  })
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    vi.setSystemTime(began + 20_000)
    const answer = await call(PATH, { 'X-API-Key': key })
    expect(errorOf(answer).code).toBe('key_revoked')
  } finally {
    vi.useRealTimers()
  }
})
