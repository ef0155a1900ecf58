import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { BROKE_OFF, type LoggedCall } from '#core/call-log'
import { accountStub } from '../../worker/account/account-stub.ts'
import {
  ask,
  evict,
  FAST,
  ledger,
  makeAccount,
  setTime,
  type TestAccount,
} from './account-object.ts'
import { asOwner } from './store.ts'

const NOON = Date.UTC(2026, 10, 20, 12)
const HOUR_MS = 3_600_000

async function calls({ stub }: TestAccount): Promise<readonly LoggedCall[]> {
  return (await stub.calls()) as readonly LoggedCall[]
}

test('a call is told with its route, method, status, credits and time, the newest first', async () => {
  const account = await makeAccount()
  const { stub, keyId } = account
  await setTime(account, NOON)
  const one = ask(keyId, 5)
  const two = ask(keyId, 0, { route: '/v1/stream/tickets', method: 'POST' })
  await stub.spend(one)
  await stub.settle(one.requestId, 3, false, { status: 200, ms: 12 })
  await setTime(account, NOON + 1000)
  await stub.spend(two)
  const expected = [
    {
      requestId: two.requestId,
      atMs: NOON + 1000,
      keyId,
      method: 'POST',
      route: '/v1/stream/tickets',
      state: 'open',
      status: null,
      credits: 0,
      ms: null,
    },
    {
      requestId: one.requestId,
      atMs: NOON,
      keyId,
      method: 'GET',
      route: '/v1/trades',
      state: 'settled',
      status: 200,
      credits: 3,
      ms: 12,
    },
  ]
  expect(await calls(account)).toEqual(expected)
  await evict(account)
  expect(await calls(account)).toEqual(expected)
})

test('what nobody settles is told as lost, and what failed with its status', async () => {
  const account = await makeAccount()
  const { stub, keyId } = account
  await setTime(account, NOON)
  const [lost, failed] = [ask(keyId, 1), ask(keyId, 1)]
  await stub.spend(lost)
  await stub.spend(failed)
  await stub.settle(failed.requestId, 0, true, { status: 422, ms: 1 })
  await setTime(account, NOON + 61_000)
  await stub.limits()
  expect(new Map((await calls(account)).map((call) => [call.requestId, call]))).toMatchObject(
    new Map([
      [lost.requestId, { state: 'lost', status: null, credits: 0, ms: null }],
      [failed.requestId, { state: 'settled', status: 422, credits: 0, ms: 1 }],
    ]),
  )
})

test('what went through an open gate is told once it is spent, although its object had released it', async () => {
  const account = await makeAccount()
  const { stub, id, keyId } = account
  await setTime(account, NOON)
  const late = ask(keyId, 1)
  await stub.spend(late)
  await asOwner(
    (sql) => sql`
      insert into kb.gate_journal (request_id, account_id, key_id, route, credits, at_us)
      values (${late.requestId}, ${id}, ${keyId}, '/v1/trades', 1, 1)`,
  )
  await setTime(account, NOON + 61_000)
  expect(await stub.absorb()).toBe(1)
  const told = [{ requestId: late.requestId, state: 'settled', credits: 1 }]
  expect(await calls(account)).toMatchObject(told)
  await setTime(account, NOON + HOUR_MS)
  await stub.closeDue()
  expect(await calls(account)).toMatchObject(told)
  expect(await stub.limits()).toMatchObject({ used: 1 })
})

test('refused calls are told too, so many a minute, and nothing is spent for them', async () => {
  const account = await makeAccount({ credits: 1, requestsPerS: 1_000_000 })
  const { stub, id, keyId } = account
  await setTime(account, NOON)
  const asks = Array.from({ length: 30 }, () => ask(keyId, 2))
  for (const each of asks) expect(await stub.spend(each)).toMatchObject({ ok: false })
  expect(await calls(account)).toHaveLength(20)
  await setTime(account, NOON + 60_000)
  // Neither a further block nor a key that is none of the account's is a call of its own.
  await stub.spend(ask(keyId, 2, { counts: false }))
  await stub.spend(ask('8c0ab1f6-0000-4000-8000-000000000000', 0))
  const last = ask(keyId, 2)
  await stub.spend(last)
  const told = await calls(account)
  expect(told).toHaveLength(21)
  expect(told[0]).toMatchObject({
    requestId: last.requestId,
    keyId,
    state: 'refused',
    status: 402,
    credits: 0,
  })
  await stub.closeDue()
  expect(await ledger(id)).toMatchObject({ hours: { requests: 0 } })
})

test('further blocks and what a stream was charged are told with the call that began them', async () => {
  const account = await makeAccount()
  const { stub, keyId } = account
  await setTime(account, NOON)
  const download = ask(keyId, 10)
  const block = { ...download, requestId: `${download.requestId}.2`, counts: false }
  const stream = ask(keyId, 0, { route: '/v1/stream' })
  await stub.spend(download)
  await stub.settle(download.requestId, 10, false, { status: 200, ms: 40 })
  await stub.spend(block)
  await stub.settle(block.requestId, 7, true, { status: BROKE_OFF, ms: 90 })
  await stub.spend(stream)
  await stub.settle(stream.requestId, 0, false, { status: 101, ms: 8 })
  await stub.lease([{ lease: stream.requestId, keyId, rev: 1, marketMinutes: 250, holder: null }])
  const expected = [
    { requestId: stream.requestId, status: 101, credits: 3, ms: 8 },
    { requestId: download.requestId, status: BROKE_OFF, credits: 17, ms: 90 },
  ]
  expect(await calls(account)).toMatchObject(expected)
  // Nor is it otherwise when they are forgotten by themselves.
  await setTime(account, NOON + HOUR_MS)
  await stub.closeDue()
  await stub.closeDue()
  const kept = () => runInDurableObject(stub, (_, { storage }) => rows(storage.sql))
  expect(await kept()).toBe(2)
  expect(await calls(account)).toMatchObject(expected)
  expect(await stub.limits()).toMatchObject({ used: 20 })
})

test('the last 1,000 calls are kept however old, and no more of them than that', async () => {
  const account = await makeAccount({ ...FAST, credits: 100_000 })
  const { stub, keyId } = account
  for (let round = 0; round < 12; round++) {
    await setTime(account, NOON + round * HOUR_MS)
    const asks = Array.from({ length: 90 }, () => ask(keyId, 1))
    // Within the object: as from outside, and much faster.
    await runInDurableObject(stub, async (object) => {
      await Promise.all(asks.map((each) => object.spend(each)))
      await Promise.all(asks.map(({ requestId }) => object.settle(requestId, 1)))
      await object.closeDue()
    })
  }
  expect(await calls(account)).toHaveLength(1000)
  await setTime(account, NOON + 40 * 24 * HOUR_MS)
  await stub.closeDue()
  const told = await calls(account)
  expect(told).toHaveLength(1000)
  expect(told.at(-1)?.atMs).toBe(NOON)
  expect(await runInDurableObject(stub, (_, { storage }) => rows(storage.sql))).toBe(1000)
  expect(await stub.limits()).toMatchObject({ used: 0 })
  // They keep nobody awake.
  let alarms = 0
  for (let nowMs = NOON + 41 * 24 * HOUR_MS; await runDurableObjectAlarm(stub); alarms += 1) {
    nowMs += HOUR_MS
    await setTime(account, nowMs)
    if (alarms > 10) break
  }
  expect(alarms).toBeLessThan(10)
})

test('of visitors nothing is remembered', async () => {
  const stub = accountStub(env, `visitors:${crypto.randomUUID()}`)
  const asks = [ask('v', 1), ask('v', 1_000_000)]
  for (const each of asks) await stub.spend(each)
  await stub.settle(asks[0]?.requestId ?? '', 1, false, { status: 200, ms: 1 })
  const later = Date.now() + HOUR_MS
  await setTime({ stub }, later)
  await stub.closeDue()
  expect(await stub.calls()).toEqual([])
})

test('an object of an older version gains the columns, and keeps what it knew', async () => {
  const account = await makeAccount()
  const { stub, keyId } = account
  const before = ask(keyId, 4)
  await stub.spend(before)
  await runInDurableObject(stub, (_, { storage }) => {
    for (const column of ['method', 'status', 'ms'])
      storage.sql.exec(`alter table spends drop column ${column}`)
    storage.sql.exec('alter table held_streams drop column markets')
  })
  await evict(account)
  await stub.settle(before.requestId, 4, false, { status: 200, ms: 3 })
  expect(await calls(account)).toMatchObject([
    { requestId: before.requestId, method: 'GET', status: 200, credits: 4 },
  ])
  expect(await stub.limits()).toMatchObject({ used: 4 })
})

test('open streams are told with their markets and what they were charged, the newest first', async () => {
  const account = await makeAccount({ connections: 5, credits: 100 })
  const { stub, keyId } = account
  await setTime(account, NOON)
  const at = { keyId, rev: 1, marketMinutes: 0 }
  await stub.lease([{ ...at, lease: 'one', holder: 'KXA-1' }])
  await setTime(account, NOON + 1000)
  await stub.lease([{ ...at, lease: 'any', holder: null }])
  expect(await stub.streams()).toEqual([
    {
      requestId: 'any',
      keyId,
      openedMs: NOON + 1000,
      market: null,
      markets: null,
      credits: 0,
    },
    { requestId: 'one', keyId, openedMs: NOON, market: 'KXA-1', markets: null, credits: 0 },
  ])
  await setTime(account, NOON + 60_000)
  await stub.lease([{ ...at, lease: 'any', marketMinutes: 120, markets: 60 }])
  await evict(account)
  await setTime(account, NOON + 91_000)
  expect(await stub.streams()).toMatchObject([{ requestId: 'any', markets: 60, credits: 2 }])
  await stub.endLeases([{ ...at, lease: 'any', marketMinutes: 120 }])
  expect(await stub.streams()).toEqual([])
})

function rows(sql: SqlStorage): number {
  return Number(sql.exec('select count(*) as n from spends').one()['n'])
}
