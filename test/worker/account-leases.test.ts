import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { ALL_VISITORS, visitorsOf } from '#core/visitor-standing'
import { accountStub } from '../../worker/account/account-stub.ts'
import { PAGE_KEY_ID, PAGE_KEY_MS } from '../../worker/keys/page-key.ts'
import { askLeases, endLeases } from '../../worker/live/account-leases.ts'
import { addKey, ask, change, evict, ledger, makeAccount, setTime } from './account-object.ts'
import { asOwner } from './store.ts'

const NOON = Date.UTC(2026, 10, 20, 12)
const LATER = { rev: 1, marketMinutes: 0 }

test('so many streams are open as the plan allows; one that vanished makes room after 90 s', async () => {
  const account = await makeAccount({ connections: 2, credits: 100 })
  const { stub, keyId } = account
  await setTime(account, NOON)
  const asks = ['a', 'b', 'c'].map((lease) => ({ lease, keyId, ...LATER }))
  const words = await stub.lease(asks)
  expect(words).toMatchObject([
    { lease: 'a', ok: true, plan: 'free', streams: { connections: 2 } },
    { lease: 'b', ok: true },
    { lease: 'c', ok: false, code: 4006 },
  ])
  await setTime(account, NOON + 60_000)
  expect(await stub.lease(asks.slice(0, 1))).toMatchObject([{ ok: true }])
  await evict(account)
  await setTime(account, NOON + 90_000)
  expect(await stub.limits()).toMatchObject({ streams: { open: 1, connections: 2 } })
  expect(await stub.lease(asks.slice(2))).toMatchObject([{ lease: 'c', ok: true }])
  // It comes back, and there is no room; then there is.
  expect(await stub.lease(asks.slice(1, 2))).toMatchObject([{ lease: 'b', ok: false, code: 4006 }])
  await stub.endLeases(asks.slice(0, 1))
  expect(await stub.lease(asks.slice(1, 2))).toMatchObject([{ lease: 'b', ok: true }])
  expect(await stub.lease(asks.slice(0, 1))).toMatchObject([{ ok: false }])
  expect(await stub.limits()).toMatchObject({ streams: { open: 2 } })
})

test('on a lowered plan the newest streams go, without a plan all', async () => {
  const account = await makeAccount({ connections: 3, credits: 100 })
  const { stub, id, keyId } = account
  await setTime(account, NOON)
  const asks = ['c', 'a', 'b'].map((lease) => ({ lease, keyId, ...LATER }))
  await stub.lease(asks)
  await change(id, { terms: { connections: 2, credits: 100 } })
  await stub.refresh()
  expect((await stub.lease([...asks].reverse())).map(({ ok }) => ok)).toEqual([false, true, true])
  await change(id, { terms: { connections: 0, credits: 100 } })
  await stub.refresh()
  expect(await stub.lease(asks.slice(0, 2))).toMatchObject([{ code: 4003 }, { code: 4003 }])
})

test('market-minutes are charged by the hundred or part, once however often they are told', async () => {
  const account = await makeAccount({ connections: 5, credits: 100 })
  const { stub, id, keyId } = account
  await setTime(account, NOON)
  const at = (marketMinutes: number) => [{ lease: 'one', keyId, rev: 1, marketMinutes }]
  await stub.lease(at(0))
  expect(await stub.limits()).toMatchObject({ used: 0 })
  for (const [minutes, used] of [
    [1, 1],
    [1, 1],
    [100, 1],
    [101, 2],
    [50, 2],
    [250, 3],
  ] as const) {
    expect(await stub.lease(at(minutes))).toMatchObject([{ ok: true }])
    expect(await stub.limits()).toMatchObject({ used })
    if (minutes === 101) await evict(account)
    await setTime(account, NOON)
  }
  await stub.endLeases(at(420))
  await stub.endLeases(at(420))
  // One whose opening never came through.
  await stub.endLeases([{ lease: 'two', keyId, rev: 1, marketMinutes: 10 }])
  expect(await stub.limits()).toMatchObject({ used: 6, streams: { open: 0 } })
  await stub.closeDue()
  expect(await ledger(id)).toEqual({
    totals: { credits: 6, overage: 0 },
    hours: { credits: 6, requests: 0, failed: 0 },
  })
  const { rows } = await stub.usage(0, NOON * 1000 + 1)
  expect(rows).toMatchObject([{ route: 'stream', keyId, credits: 6 }])
})

test('a stream ends when no credits are left, and no more is charged than there are', async () => {
  const account = await makeAccount({ connections: 5, credits: 3, requestsPerS: 100 })
  const { stub, keyId } = account
  await setTime(account, NOON)
  const at = (marketMinutes: number) => [{ lease: 'one', keyId, rev: 1, marketMinutes }]
  await stub.lease(at(0))
  const reserved = ask(keyId, 1)
  await stub.spend(reserved)
  expect(await stub.lease(at(200))).toMatchObject([{ ok: true }])
  // What is paid for is delivered.
  expect(await stub.lease(at(200))).toMatchObject([{ ok: true }])
  expect(await stub.lease(at(500))).toMatchObject([{ ok: false, code: 4009 }])
  expect(await stub.lease([{ lease: 'two', keyId, ...LATER }])).toMatchObject([{ code: 4009 }])
  await stub.settle(reserved.requestId, 1)
  await stub.endLeases(at(900))
  expect(await stub.limits()).toMatchObject({ used: 3, left: 0 })
})

test('a stream of a key that is revoked or at its cap, or of a closed account, is ordered closed', async () => {
  const account = await makeAccount({ connections: 5, credits: 100 })
  const { stub, id, keyId } = account
  const capped = await addKey(id, 1)
  await setTime(account, NOON)
  const one = { lease: 'one', keyId, ...LATER }
  const two = { lease: 'two', keyId: capped, ...LATER }
  expect(await stub.lease([one, two])).toMatchObject([{ ok: true }, { ok: true }])
  await asOwner((sql) => sql`update kb.api_keys set revoked_us = 2, rev = 2 where id = ${keyId}`)
  await stub.refresh()
  const [revoked, spent] = await stub.lease([
    { ...one, marketMinutes: 30 },
    { ...two, marketMinutes: 130 },
  ])
  expect(revoked).toMatchObject({ ok: false, code: 4004 })
  expect(spent).toMatchObject({ ok: false, code: 4009 })
  // What the revoked key's stream had delivered is charged.
  expect(await stub.limits()).toMatchObject({ used: 2 })
  await change(id, { closed_us: 2 })
  await stub.refresh()
  expect(await stub.lease([two])).toMatchObject([{ code: 4004 }])
})

test('a stream of a page ends as long after its opening as the key of a page lives', async () => {
  const account = await makeAccount({ connections: 5, credits: 100 })
  const { stub } = account
  const page = [{ lease: 'page', keyId: PAGE_KEY_ID, ...LATER }]
  for (const minute of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]) {
    await setTime(account, NOON + minute * 60_000)
    expect(await stub.lease(page)).toMatchObject([{ ok: true }])
  }
  await setTime(account, NOON + PAGE_KEY_MS)
  expect(await stub.lease(page)).toMatchObject([{ ok: false, code: 4004 }])
})

test('streams of visitors are charged to their prefix and to all visitors together', async () => {
  const name = visitorsOf('198.51.100.0/24')
  const all = accountStub(env, ALL_VISITORS)
  const stands = async (object: typeof all) => {
    const { used, streams } = await object.limits()
    return { used, open: streams.open }
  }
  const before = await stands(all)
  const at = (lease: string, marketMinutes = 0) => ({
    lease,
    keyId: 'visitor',
    rev: 0,
    marketMinutes,
  })
  const opened = await askLeases(env, name, [at('v1'), at('v2'), at('v3')])
  expect(opened).toMatchObject({
    kind: 'words',
    words: [{ ok: true }, { ok: true }, { ok: false }],
  })
  expect((await stands(all)).open).toBe(before.open + 2)
  await askLeases(env, name, [at('v1', 130)])
  expect(await stands(accountStub(env, name))).toEqual({ used: 2, open: 2 })
  expect((await stands(all)).used).toBe(before.used + 2)
  await endLeases(env, name, [at('v1', 201), at('v2')])
  expect(await stands(accountStub(env, name))).toEqual({ used: 3, open: 0 })
  expect(await stands(all)).toEqual({ used: before.used + 3, open: before.open })
})
