import { runInDurableObject } from 'cloudflare:test'
import { expect, test } from 'vitest'
import {
  ask,
  evict,
  makeAccount,
  setDatabase,
  setTime,
  type TestAccount,
} from './account-object.ts'
import { asOwner } from './store.ts'

const NOON = Date.UTC(2026, 10, 20, 12)

/** Journals a request that went through an open gate. */
async function letThrough({ id, keyId }: TestAccount, requestId: string): Promise<void> {
  await asOwner(
    (sql) => sql`
      insert into kb.gate_journal (request_id, account_id, key_id, route, credits, at_us)
      values (${requestId}, ${id}, ${keyId}, '/v1/trades', 1, 1)`,
  )
}

async function unspent({ id }: TestAccount): Promise<number> {
  const rows = await asOwner(
    (sql) => sql`select from kb.gate_journal where account_id = ${id} and spent_us is null`,
  )
  return rows.length
}

test('what went through an open gate is spent afterwards, each request once', async () => {
  const account = await makeAccount({ credits: 100, requestsPerS: 100 })
  const { stub, keyId } = account
  const [late, settled] = [ask(keyId, 1), ask(keyId, 1)]
  const names = [late.requestId, settled.requestId, `${late.requestId}.b`, `${late.requestId}.c`]
  // One came here too, after all, but nobody heard its answer; one was even settled.
  await stub.spend(late)
  await stub.spend(settled)
  await stub.settle(settled.requestId, 1)
  for (const name of names) await letThrough(account, name)
  expect(await Promise.all([stub.absorb(), stub.absorb()])).toEqual([4, 4])
  expect(await stub.absorb()).toBe(0)
  expect(await unspent(account)).toBe(0)
  expect(await stub.limits()).toMatchObject({ used: 4, held: 0 })
  const { rows } = await stub.usage(0, Date.now() * 1000)
  expect(rows).toMatchObject([{ route: '/v1/trades', requests: 4, credits: 4 }])
})

test('it is spent by itself as soon as the account is read', async () => {
  const account = await makeAccount({ credits: 100, requestsPerS: 100 })
  await letThrough(account, `req_of_${account.id}`)
  await account.stub.refresh()
  await account.stub.absorb()
  expect(await unspent(account)).toBe(0)
  expect(await account.stub.limits()).toMatchObject({ used: 1 })
})

test('a crash after spending and before Postgres hears of it spends nothing twice, however late', async () => {
  const account = await makeAccount({ credits: 100, requestsPerS: 100 })
  const { stub } = account
  await setTime(account, NOON)
  for (const at of [1, 2, 3]) await letThrough(account, `req_${at}_of_${account.id}`)
  await stub.refresh()
  await stub.absorb()
  expect(await stub.limits()).toMatchObject({ used: 3 })
  // As if the last step had never come to Postgres, nor its answer back.
  await asOwner(
    (sql) => sql`update kb.gate_journal set spent_us = null where account_id = ${account.id}`,
  )
  await runInDurableObject(stub, (_, state) => {
    for (const at of [1, 2, 3])
      state.storage.sql.exec('insert into absorbed values (?)', `req_${at}_of_${account.id}`)
  })
  await evict(account)
  await setTime(account, NOON + 3_600_000)
  await stub.closeDue()
  expect(await stub.absorb()).toBe(0)
  expect(await unspent(account)).toBe(0)
  expect(await stub.limits()).toMatchObject({ used: 3 })
})

test('while Postgres is away nothing is spent of it, and later all', async () => {
  const account = await makeAccount({ credits: 100, requestsPerS: 100 })
  const { stub } = account
  await stub.refresh()
  await letThrough(account, `req_away_${account.id}`)
  await setDatabase(account, false)
  const away = runInDurableObject(stub, (object) => object.absorb().catch(() => -1))
  await expect(away).resolves.toBe(-1)
  await setDatabase(account, true)
  expect(await stub.absorb()).toBe(1)
})
