import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { OpenStream } from '#core/account-word'
import type { LeaseAsk } from '#core/admission'
import { parseTicker, type Ticker } from '#core/ticker'
import { Account } from '../../worker/account/account.ts'
import { Gateway } from '../../worker/live/gateway.ts'
import { printBounds } from '../../worker/live/stream-lease.ts'
import { gatewayStub, marketStub, shardStub } from '../../worker/live/stubs.ts'
import { ledger } from './account-object.ts'
import { TestCollector } from './collector.ts'
import { later } from './later.ts'
import { leaseHeaders } from './leases.ts'
import { roomIn } from './room-in.ts'
import { TestSocket } from './socket.ts'
import { setLease, storeMarket } from './store.ts'
import { StreamAccount } from './stream-accounts.ts'

let epoch = 700
let collector: TestCollector
const accounts: StreamAccount[] = []
const MARKETS = ['LEASE-26NOV22-A', 'LEASE-26NOV22-B', 'LEASE-26NOV22-C'] as const
const [A, B, C] = MARKETS
const MANY = [...MARKETS, ...Array.from({ length: 23 }, (_, n) => `LEASE-26NOV22-M${n}`)]
/** Markets are counted by minutes. */
const MINUTE_MS = 60_000
const ONE = `/v1/markets/${A}/stream`

async function make(plan: string, terms = {}, settings = {}): Promise<StreamAccount> {
  const account = await StreamAccount.make(plan, terms, settings)
  accounts.push(account)
  return account
}

beforeAll(async () => {
  await Promise.all(MANY.map((market) => storeMarket(market)))
  // Gateways look ten times as often here.
  const { setInterval } = globalThis
  vi.stubGlobal('setInterval', (run: () => void, ms: number) =>
    setInterval(run, ms === 1000 ? 100 : ms),
  )
})

afterAll(() => {
  vi.unstubAllGlobals()
})

beforeEach(async () => {
  epoch += 1
  await setLease(epoch)
  await hasten()
  collector = new TestCollector(epoch)
  for (const market of MANY) collector.known(market)
  await collector.connect()
})

afterEach(() => {
  vi.restoreAllMocks()
  for (const account of accounts.splice(0)) account.end()
  collector.disconnect()
})

/** The shard renews all the time. */
async function hasten(more = {}): Promise<void> {
  await runInDurableObject(shardStub(env, 0, 1), (instance) => {
    Reflect.set(instance, 'env', { ...env, STREAM_RENEW_MS: '100', ...more })
  })
}

/** What accounts are asked from now on. */
function listen(): LeaseAsk[][] {
  const asked: LeaseAsk[][] = []
  const { lease } = Account.prototype
  vi.spyOn(Account.prototype, 'lease').mockImplementation(function (this: Account, asks) {
    asked.push([...asks])
    return lease.call(this, asks)
  })
  return asked
}

/** What an account was told last of each of its streams, in the order of their opening. */
function totals(asked: readonly LeaseAsk[][]): number[] {
  const last = new Map<string, number>()
  for (const { lease, marketMinutes } of asked.flat()) last.set(lease, marketMinutes)
  return [...last.values()]
}

test('streams of both kinds count together, and one that ends makes room', async () => {
  const account = await make('starter', { connections: 2 })
  const any = await account.open()
  const one = await account.open(ONE)
  expect(await account.knock()).toEqual({ status: 429, code: 'rate_limited' })
  expect(await account.knock(ONE)).toEqual({ status: 429, code: 'rate_limited' })
  one.close()
  await expect.poll(() => account.stub.limits().then((limits) => limits.streams.open)).toBe(1)
  await account.open()
  any.close()
  await expect.poll(() => account.stub.limits().then((limits) => limits.streams.open)).toBe(1)
  await account.open(ONE)
})

test('open streams are told with the markets that they follow', async () => {
  const account = await make('starter')
  await account.follow([A, B])
  await account.followOne(A)
  const followed = async () => {
    const streams = (await account.stub.streams()) as readonly OpenStream[]
    return streams.map(({ market, markets, keyId }) => [market, markets, keyId])
  }
  const { keyId } = account
  await expect.poll(followed).toEqual([
    [A, null, keyId],
    [null, 2, keyId],
  ])
})

test('a key that is revoked closes its streams of both kinds within a renewal, and opens none', async () => {
  const account = await make('starter')
  const any = await account.follow([A])
  const one = await account.followOne(A)
  await account.revoke()
  expect((await any.closed).code).toBe(4004)
  expect((await one.closed).code).toBe(4004)
  expect(await account.knock()).toEqual({ status: 401, code: 'key_revoked' })
})

test('credits that are spent close streams with 4009 when they have more to pay, and open none', async () => {
  const account = await make('starter', { credits: 1 })
  const any = await account.follow([A])
  const one = await account.followOne(A)
  const { keyId, stub } = account
  const rest = { requestId: 'req_rest', keyId, rev: 1, route: '/v1/trades', counts: true }
  expect(await stub.spend({ ...rest, credits: 1 })).toMatchObject({ ok: true, left: 0 })
  collector.add(A)
  expect((await any.closed).code).toBe(4009)
  expect((await one.closed).code).toBe(4009)
  expect(await account.knock()).toEqual({ status: 402, code: 'quota_exceeded' })
})

test('a plan that is raised allows more to streams that are open, and one that is lowered closes them', async () => {
  const account = await make('free', { markets: 1 })
  const any = await account.follow([A])
  any.send({ op: 'subscribe', markets: [B], channels: ['book'] })
  expect(await any.nextWith('rejected')).toMatchObject({ accepted: 0 })
  await account.grant({ connections: 2, markets: 2 })
  await expect
    .poll(
      async () => {
        any.send({ op: 'subscribe', markets: [B], channels: ['book'] })
        return (await any.nextWith('rejected'))['accepted']
      },
      { interval: 100 },
    )
    .toBe(1)
  const second = await account.open(ONE)
  await account.grant({ connections: 1, markets: 2 })
  expect((await second.closed).code).toBe(4006)
  await account.grant({ connections: 1, markets: 1 })
  expect((await any.closed).code).toBe(4003)
})

test('a minute of a market counts once, and only what brings a record', async () => {
  await roomIn(MINUTE_MS, 10_000)
  const account = await make('starter')
  const asked = listen()
  const any = await account.follow([A, B, C])
  const one = await account.followOne(A)
  const quiet = await account.follow([C])
  await expect.poll(() => totals(asked)).toEqual([0, 0, 0])
  for (const market of [A, A, B]) collector.add(market)
  for (let n = 0; n < 3; n++) await any.nextWith('type', 'deltas')
  await one.nextWith('type', 'deltas')
  await expect.poll(() => totals(asked)).toEqual([2, 1, 0])
  // Subscribed to anew it does not count anew.
  any.send({ op: 'unsubscribe', sub: 1 })
  any.send({ op: 'subscribe', markets: [A], channels: ['book'] })
  await any.nextWith('type', 'ready')
  collector.add(A)
  await any.nextWith('type', 'deltas')
  const told = asked.length
  await expect.poll(() => asked.length).toBeGreaterThan(told + 5)
  expect(totals(asked)[0]).toBe(2)
  expect(quiet.isOpen).toBe(true)
})

test('an image is free, but for one that is asked for again', async () => {
  const account = await make('starter', { connections: 4 })
  const asked = listen()
  const any = await account.follow([A])
  const one = await account.followOne(A)
  const other = await account.follow([A], { conflate_ms: 250 })
  await expect.poll(() => totals(asked)).toEqual([0, 0, 0])
  for (const each of [any, one]) each.send({ op: 'resync', market: A })
  for (const each of [any, one]) await each.nextWith('type', 'snapshot')
  other.send({ op: 'unsubscribe', sub: 1 })
  other.send({ op: 'subscribe', markets: [A], channels: ['book'] })
  await other.nextWith('type', 'ready')
  await expect.poll(() => totals(asked)).not.toContain(0)
  const anew = await account.followOne(A)
  await expect.poll(() => totals(asked)).toHaveLength(4)
  expect(totals(asked)[3]).toBe(0)
  anew.send({ op: 'unsubscribe', sub: 1 })
  anew.send({ op: 'subscribe', channels: ['book'] })
  await anew.nextWith('type', 'ready')
  await expect.poll(() => totals(asked)).not.toContain(0)
})

test('who was owed something while a minute began counts it as the others do', async () => {
  // The store is not searched for long.
  const { setTimeout } = globalThis
  vi.spyOn(globalThis, 'setTimeout').mockImplementation((run: () => void, ms?: number) =>
    setTimeout(run, ms === 2000 ? 100 : ms),
  )
  collector.known(A, 20)
  const account = await make('starter')
  const asked = listen()
  await account.follow([A])
  const late = await account.open()
  const have = collector.seq(3)
  late.send({ op: 'subscribe', markets: [A], channels: ['book'], resume: { [A]: have } })
  await late.nextWith('type', 'subscribed')
  collector.add(A)
  await late.nextWith('reason', 'resume_miss')
  collector.add(A)
  await late.nextWith('type', 'deltas')
  await expect.poll(() => totals(asked)).not.toContain(0)
})

test('a Gateway that forgets tells nothing twice, and goes on to renew', async () => {
  await roomIn(MINUTE_MS, 10_000)
  const account = await make('starter')
  const asked = listen()
  const any = await account.follow([A])
  collector.add(A)
  await any.nextWith('type', 'deltas')
  await expect.poll(() => totals(asked)).toEqual([1])
  await forget(account)
  await any.nextWith('type', 'snapshot')
  collector.add(A)
  await any.nextWith('type', 'deltas')
  const told = asked.length
  await expect.poll(() => asked.length).toBeGreaterThan(told)
  expect(totals(asked)).toEqual([1])
  await account.revoke()
  expect((await any.closed).code).toBe(4004)
})

test('a market’s object and its shard may forget: the stream is renewed, charged and closed as before', async () => {
  const account = await make('starter')
  const asked = listen()
  const one = await account.followOne(A)
  collector.add(A)
  await one.nextWith('type', 'deltas')
  await expect.poll(() => totals(asked)).toEqual([1])
  await evictDurableObject(marketStub(env, parseTicker(A) as Ticker))
  await evictDurableObject(shardStub(env, 0, 1))
  await hasten()
  const told = asked.length
  await expect.poll(() => asked.length).toBeGreaterThan(told + 1)
  expect(totals(asked)).toEqual([1])
  await account.revoke()
  expect((await one.closed).code).toBe(4004)
})

test('while the collector is silent streams are renewed all the same', async () => {
  const account = await make('starter')
  const one = await account.open(ONE)
  collector.fallSilent()
  await account.revoke()
  expect((await one.closed).code).toBe(4004)
})

test('a stream whose holder vanished is over after a lease’s time', async () => {
  const { stub, keyId } = await make('free')
  const ask = (lease: string) => [{ lease, keyId, rev: 1, marketMinutes: 0 }]
  expect(await stub.lease(ask('gone'))).toMatchObject([{ ok: true }])
  expect(await stub.lease(ask('next'))).toMatchObject([{ ok: false, code: 4006 }])
  await later(89_000, async () => {
    expect(await stub.lease(ask('next'))).toMatchObject([{ ok: false, code: 4006 }])
  })
  await later(91_000, async () => {
    expect(await stub.lease(ask('next'))).toMatchObject([{ ok: true }])
  })
})

test('sockets that vanish together with their Gateway’s memory make room as soon as it wakes', async () => {
  const account = await make('free')
  const { id, stub } = account
  await account.open()
  await runInDurableObject(gatewayStub(env, id), (before: Gateway, state) => {
    before.rest()
    Object.defineProperty(state, 'getWebSockets', { value: () => [] })
    new Gateway(state, env).rest()
  })
  await expect.poll(() => stub.limits().then((limits) => limits.streams.open)).toBe(0)
})

test.each([
  ['a market’s object', A],
  ['the Gateway', null],
])(
  'a socket that was lost with %s holds no place against who comes again, one that is open does',
  async (_, holder) => {
    const account = await make('free', { connections: 2 })
    const { stub, keyId } = account
    const path = holder === null ? undefined : ONE
    const held = await account.open(path)
    expect(
      await stub.lease([{ lease: 'lost', keyId, rev: 1, marketMinutes: 0, holder }]),
    ).toMatchObject([{ ok: true }])
    expect((await account.knock()).status).toBe(429)
    await later(3000, async () => {
      const again = await account.open(path)
      expect((await account.knock()).status).toBe(429)
      expect([held.isOpen, again.isOpen]).toEqual([true, true])
    })
    expect((await stub.limits()).streams.open).toBe(2)
  },
)

test('while its account is away nobody is let in; who pays goes on, who does not is sent away', async () => {
  const settings = { STREAM_LEASE_MS: '500' }
  await hasten(settings)
  const [paid, free] = [
    await make('starter', {}, settings),
    await make('free', { connections: 2 }, settings),
  ]
  const going = [await paid.follow([A]), await paid.followOne(A)]
  const leaving = [await free.follow([A]), await free.followOne(A)]
  vi.spyOn(Account.prototype, 'lease').mockImplementation(() =>
    Promise.reject(new Error('the object is away')),
  )
  expect(await paid.knock()).toEqual({ status: 503, code: 'upstream_degraded' })
  for (const each of leaving) expect((await each.closed).code).toBe(1013)
  for (const each of going) expect(each.isOpen).toBe(true)
})

test('who is bounded follows the named markets at their pace, and for its time alone', async () => {
  const { stub: account, id, keyId } = await make('free')
  const held = leaseHeaders('free', id, keyId)
  const bounds = { until_ms: Date.now() + 60_000, markets: [A], conflate_ms: 250 }
  const headers = { Upgrade: 'websocket', ...held, ...printBounds(bounds) }
  const { webSocket } = await gatewayStub(env, id).fetch(new Request('https://o/', { headers }))
  if (webSocket === null) throw new Error('no websocket')
  const stream = new TestSocket(webSocket)
  for (const over of [{ markets: [B] }, { all: true }, { conflate_ms: 0 }]) {
    stream.send({ op: 'subscribe', markets: [A], conflate_ms: 250, ...over })
    expect(await stream.nextWith('type', 'error')).toMatchObject({ code: 'invalid_param' })
    stream.send({ op: 'ping' })
    stream.send({ op: 'subscribe', markets: [A], conflate_ms: 250 })
    await stream.nextWith('type', 'ready')
  }
  await later(60_000, async () => {
    expect((await stream.closed).code).toBe(4003)
  })
  expect((await account.limits()).streams.open).toBe(0)
})

// The last one: the clock of the objects goes back when it ends.
test('a credit is charged for 100 market-minutes or part, once, whoever forgets meanwhile', async () => {
  await roomIn(MINUTE_MS, 10_000)
  const account = await make('starter')
  const { id, stub } = account
  const asked = listen()
  const any = await account.follow(MANY)
  const one = await account.followOne(A)
  const { now } = Date
  let aheadMs = 0
  Date.now = () => now() + aheadMs
  try {
    for (let minutes = 1; minutes <= 4; minutes++) {
      for (const market of MANY) collector.add(market)
      for (const _ of MANY) await any.nextWith('type', 'deltas')
      await one.nextWith('type', 'deltas')
      await expect.poll(() => totals(asked)).toEqual([MANY.length * minutes, minutes])
      if (minutes === 1) await evictDurableObject(stub)
      if (minutes === 2) {
        await forget(account)
        for (const _ of MANY) await any.nextWith('type', 'snapshot')
      }
      if (minutes === 3) {
        await evictDurableObject(marketStub(env, parseTicker(A) as Ticker))
        // In the same minute still.
        collector.add(A)
        await any.nextWith('type', 'deltas')
        await one.nextWith('market', A)
      }
      aheadMs += 60_000
    }
    for (const each of [any, one]) each.close()
    await expect.poll(() => stub.limits().then((limits) => limits.streams.open)).toBe(0)
  } finally {
    Date.now = now
  }
  expect(await stub.limits()).toMatchObject({ used: 3 })
  await stub.closeDue()
  expect((await ledger(id)).totals).toEqual({ credits: 3, overage: 0 })
})

/** Makes an account's Gateway begin anew with its sockets and its storage alone. */
async function forget({ id }: StreamAccount): Promise<void> {
  await runInDurableObject(gatewayStub(env, id), (before: Gateway, state) => {
    before.rest()
    const after = new Gateway(state, env)
    Reflect.set(after, 'env', { ...env, STREAM_RENEW_MS: '100' })
    before.webSocketMessage = (socket, raw) => after.webSocketMessage(socket, raw)
    before.webSocketClose = (socket, code) => after.webSocketClose(socket, code)
    before.rest = () => after.rest()
  })
}
