import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findApiKey, findApiKeyById } from '../../worker/store/api-keys.ts'
import { openStore, type Store } from './fixture.ts'

let store: Store
const hash = (text: string) => createHash('sha256').update(text).digest('hex')

beforeAll(async () => {
  store = await openStore()
  await store.owner`
    with account as (
      insert into kb.accounts (name, plan, created_us) values ('local', 'scale', 1) returning id)
    insert into kb.api_keys (account_id, hash, pepper_version, display, scopes, created_us, revoked_us)
    select id, decode(${hash('one')}, 'hex'), 1, 'kb_live_ab', array['live', 'history'], 1, 1795343400000000
    from account`
})

afterAll(() => store.stop())

test('a key is found by its hash, with its account, plan, scopes and times', async () => {
  expect(await findApiKey(store.account, hash('one'))).toEqual({
    keyId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    accountId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    rev: 1,
    plan: 'scale',
    scopes: ['live', 'history'],
    revokedUs: 1_795_343_400_000_000,
    expiresUs: null,
  })
})

test('a key is found by its id as by its hash, and no other id finds one', async () => {
  const key = await findApiKey(store.account, hash('one'))
  expect(await findApiKeyById(store.account, key?.keyId ?? '')).toEqual(key)
  expect(await findApiKeyById(store.account, key?.accountId ?? '')).toBeNull()
})

test('another hash finds nothing, and the reader may not look', async () => {
  expect(await findApiKey(store.account, hash('two'))).toBeNull()
  await expect(findApiKey(store.reader, hash('one'))).rejects.toMatchObject({ code: '42501' })
})

test('an account shows what a key is, never the key', async () => {
  await expect(
    store.owner`update kb.api_keys set display = ${'x'.repeat(46)}`,
  ).rejects.toMatchObject({ code: '23514' })
})
