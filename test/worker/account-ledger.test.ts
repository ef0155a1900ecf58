import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { SpendAsk } from '#core/admission'
import type { Micros } from '#core/instant'
import type { Account } from '../../worker/account/account.ts'
import { wakeAccounts } from '../../worker/account/account-schedule.ts'
import {
  addKey,
  ask,
  evict,
  ledger,
  makeAccount,
  setDatabase,
  setTime,
  type TestAccount,
} from './account-object.ts'
import { later } from './later.ts'
import { asOwner } from './store.ts'

const HOUR_MS = 3_600_000
const TEN = Date.UTC(2026, 10, 20, 10)

/** Whether each total of an account is closed, by hour. */
async function closings(id: string): Promise<boolean[]> {
  const rows = await asOwner(
    (sql) => sql`
      select closed from kb.usage_totals where account_id = ${id} order by hour_us`,
  )
  return rows.map((row) => row['closed'] === true)
}

async function use({ stub, keyId }: TestAccount, credits: number): Promise<void> {
  const asked = ask(keyId, credits)
  expect(await stub.spend(asked)).toMatchObject({ ok: true })
  await stub.settle(asked.requestId, credits)
}

test('after 10,000 requests of any kind the ledger is the sum of what succeeded, to the credit', async () => {
  const account = await makeAccount({ credits: 30_000, requestsPerS: 1_000_000 })
  const { stub, id, keyId } = account
  const keys = [keyId, await addKey(id), await addKey(id, 2000)]
  const routes = ['/v1/trades', '/v1/markets/{ticker}/orderbook', '/v1/status']
  let seed = 20_261_122
  // A plain generator, so that a failure comes again.
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  let credits = 0
  let admitted = 0
  let failed = 0
  let refused = 0
  /** A request, its retries, and what becomes of it. */
  const one = async (object: Account, asked: SpendAsk) => {
    const answer = await object.spend(asked)
    for (let again = random(10); again > 8; again--) {
      const second = await object.spend(asked)
      if (answer.ok) expect(second.ok).toBe(true)
      // The first was refused, and another one has made room meanwhile.
      else if (second.ok) return count(object, asked)
    }
    if (answer.ok) await count(object, asked)
    else refused += 1
  }
  const count = async (object: Account, asked: SpendAsk) => {
    admitted += 1
    // Nobody tells what became of it: it is free again in a minute.
    const isLost = random(40) === 0
    const isFailed = isLost || random(10) === 0
    const cost = isFailed ? 0 : random(asked.credits + 1)
    if (isFailed) failed += 1
    credits += cost
    for (let times = isLost ? 0 : 1 + random(2); times > 0; times--)
      await object.settle(asked.requestId, cost, isFailed)
  }
  for (let round = 0; round < 10; round++) {
    // An eviction gives it back the real time, in which a month may end on the way.
    await setTime(account, TEN)
    const asks: SpendAsk[] = Array.from({ length: 1000 }, () =>
      ask(keys[random(3)] ?? keyId, random(6), { route: routes[random(3)] ?? '' }),
    )
    // Within the object, fifty at a time: as from outside, and much faster.
    await runInDurableObject(stub, async (object) => {
      for (let from = 0; from < asks.length; from += 50) {
        await Promise.all(asks.slice(from, from + 50).map((asked) => one(object, asked)))
      }
      if (round % 3 === 1) await object.closeDue()
    })
    if (round % 2 === 0) await evict(account)
  }
  expect(refused).toBeGreaterThan(100)
  await setTime(account, TEN + 60_000)
  await stub.closeDue()
  await stub.closeDue()
  const told = await ledger(id)
  expect(told.totals).toEqual({ credits, overage: 0 })
  expect(told.hours).toEqual({ credits, requests: admitted, failed })
  expect(await stub.limits()).toMatchObject({ used: credits, held: 0, left: 30_000 - credits })
  const { rows } = await stub.usage(0, (TEN + 60_000) * 1000)
  expect(rows.reduce((sum, row) => sum + row.credits, 0)).toBe(credits)
  expect(rows.length).toBeGreaterThanOrEqual(9)
})

test('an hour is open for the ledger until it is closed, and never changes then', async () => {
  const account = await makeAccount()
  const { stub, id, keyId } = account
  await setTime(account, TEN + HOUR_MS - 30_000)
  await use(account, 7)
  const late = ask(keyId, 5)
  await stub.spend(late)
  await stub.closeDue()
  expect(await closings(id)).toEqual([false])
  expect((await ledger(id)).totals).toEqual({ credits: 7, overage: 0 })
  await setTime(account, TEN + HOUR_MS + 20_000)
  await stub.settle(late.requestId, 5)
  await stub.closeDue()
  expect(await closings(id)).toEqual([false, false])
  await setTime(account, TEN + HOUR_MS + 119_000)
  await stub.closeDue()
  expect(await closings(id)).toEqual([false, false])
  await setTime(account, TEN + HOUR_MS + 300_000)
  await stub.closeDue()
  expect(await closings(id)).toEqual([true, false])
  // A clock that goes back finds it closed.
  await setTime(account, TEN + HOUR_MS - 1000)
  await use(account, 2)
  await stub.closeDue()
  const rows = await asOwner(
    (sql) => sql`
      select credits::int from kb.usage_totals where account_id = ${id} order by hour_us`,
  )
  expect(rows.map((row) => Number(row['credits']))).toEqual([7, 7])
})

test('while Postgres is away nothing is lost: the alarm tells all of it later', async () => {
  const account = await makeAccount()
  const { stub, id } = account
  await setTime(account, TEN)
  await use(account, 3)
  // Whatever it sets its alarm to, that does not come by itself within this.
  await later(HOUR_MS, async () => {
    await setDatabase(account, false)
    // The platform would give up after an alarm that throws.
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    await expect(
      runInDurableObject(stub, (object) =>
        object.closeDue().then(
          () => 'told',
          (error: { code?: string }) => error.code,
        ),
      ),
    ).resolves.toBe('database_away')
    await setTime(account, TEN + 2 * HOUR_MS)
    await use(account, 4)
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect((await ledger(id)).totals).toEqual({ credits: 0, overage: 0 })
    // Evicted in the middle of it: its database is there again, as its environment is made anew.
    await evict(account)
    await setTime(account, TEN + 2 * HOUR_MS)
    expect(await runDurableObjectAlarm(stub)).toBe(true)
  })
  expect((await ledger(id)).totals).toEqual({ credits: 7, overage: 0 })
  expect(await closings(id)).toEqual([true, false])
})

test('the ledger is never lowered, and told again it stays as it is', async () => {
  const account = await makeAccount()
  const { stub, id } = account
  await setTime(account, TEN)
  await use(account, 3)
  await stub.closeDue()
  await asOwner((sql) => sql`update kb.usage_totals set credits = 50 where account_id = ${id}`)
  await use(account, 4)
  await stub.closeDue()
  expect(await ledger(id)).toMatchObject({ totals: { credits: 50 }, hours: { credits: 7 } })
})

test('hours of long ago are forgotten here once the ledger has them', async () => {
  const account = await makeAccount()
  const { stub } = account
  await setTime(account, TEN)
  await use(account, 3)
  await stub.closeDue()
  const muchLater = TEN + 70 * 24 * HOUR_MS
  await setTime(account, muchLater)
  await use(account, 4)
  await stub.closeDue()
  const { rows, throughUs } = await stub.usage(0, muchLater * 1000 + 1)
  expect(rows).toMatchObject([{ credits: 4, requests: 1, hourUs: muchLater * 1000 }])
  expect(throughUs).toBe(muchLater * 1000 + 1)
})

test('usage is told in parts of whole hours when it is much', async () => {
  const account = await makeAccount()
  const { stub } = account
  await runInDurableObject(stub, (_, state) => {
    state.storage.sql.exec(`
      with recursive n (i) as (select 0 union all select i + 1 from n where i < 25000)
      insert into usage select i / 1000 * 3600000000, 'key', 'route ' || i, 1, 0, 1, 1 from n`)
  })
  const dayUs = 26 * 3_600_000_000
  const first = await stub.usage(0, dayUs)
  expect(first.throughUs).toBe(20 * 3_600_000_000)
  expect(first.rows).toHaveLength(20_000)
  const rest = await stub.usage(first.throughUs, dayUs)
  expect(rest).toMatchObject({ throughUs: dayUs })
  expect(rest.rows).toHaveLength(5001)
})

test('an object that is evicted again and again tells the ledger no later than one that is not', async () => {
  const account = await makeAccount()
  const { stub, keyId } = account
  await stub.spend(ask(keyId, 1))
  const armed = () => runInDurableObject(stub, (_, { storage }) => storage.getAlarm())
  const first = await armed()
  for (let i = 0; i < 3; i++) {
    await evict(account)
    await stub.spend(ask(keyId, 1))
    expect(await armed()).toBe(first)
  }
})

test('the schedule closes an hour that its object has not', async () => {
  const account = await makeAccount()
  const { stub, id } = account
  await setTime(account, TEN)
  await use(account, 3)
  await stub.closeDue()
  const elevenUs = ((TEN + HOUR_MS) * 1000) as Micros
  await wakeAccounts(env, elevenUs)
  await setTime(account, TEN + 2 * HOUR_MS)
  expect(await closings(id)).toEqual([false])
  await wakeAccounts(env, (elevenUs + 3_600_000_000) as Micros)
  expect(await closings(id)).toEqual([true])
})

test('an account that does nothing any more wakes for nothing', async () => {
  const account = await makeAccount()
  const { stub } = account
  await setTime(account, TEN)
  await use(account, 3)
  let alarms = 0
  for (let nowMs = TEN; await runDurableObjectAlarm(stub); nowMs += 600_000) {
    await setTime(account, nowMs)
    alarms += 1
  }
  expect(alarms).toBeLessThan(15)
})

test('while its account cannot be read an object that never was cannot admit, one that knows it does', async () => {
  const account = await makeAccount()
  const { stub, id, keyId } = account
  await setDatabase(account, false)
  const away = runInDurableObject(stub, (object) =>
    object.spend(ask(keyId, 1)).then(
      () => 'admitted',
      (error: { code?: string }) => error.code,
    ),
  )
  await expect(away).resolves.toBe('database_away')
  await setDatabase(account, true)
  expect(await stub.spend(ask(keyId, 1))).toMatchObject({ ok: true })
  await asOwner((sql) => sql`update kb.accounts set plan = 'pro' where id = ${id}`)
  await evict(account)
  await setDatabase(account, false)
  expect(await stub.spend(ask(keyId, 1, { rev: 2 }))).toMatchObject({ ok: true, plan: 'free' })
  await setDatabase(account, true)
  // A minute later the copy is read anew beside the requests.
  await setTime(account, Date.now() + 61_000)
  await stub.spend(ask(keyId, 1))
  await stub.refresh()
  expect(await stub.spend(ask(keyId, 1))).toMatchObject({ plan: 'pro' })
})
