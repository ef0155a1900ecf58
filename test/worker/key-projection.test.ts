import {
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test, vi } from 'vitest'
import type { Micros } from '#core/instant'
import { type KeyRecord, keyRecordName } from '#core/key-record'
import { hourOf } from '#core/period'
import { accountChanged } from '../../worker/account/account-changed.ts'
import { withAccounts } from '../../worker/account/account-database.ts'
import { accountStub } from '../../worker/account/account-stub.ts'
import { makeApp } from '../../worker/app.ts'
import { capKey, revokeKey, rotateKey } from '../../worker/keys/change-key.ts'
import { noteDuePlans } from '../../worker/keys/due-plans.ts'
import { projectAccount } from '../../worker/keys/key-projection.ts'
import { listKeys } from '../../worker/keys/key-row.ts'
import { sweepKeys } from '../../worker/keys/key-sweep.ts'
import { noteUses } from '../../worker/keys/key-uses.ts'
import { projectAllLeft } from '../../worker/keys/projection-schedule.ts'
import worker from '../../worker/main.ts'
import { runJobs } from '../../worker/scheduled.ts'
import { addAccount, addKey, draw, now, revOf } from './key-accounts.ts'
import { LaggingKv } from './lagging-kv.ts'
import { asOwner } from './store.ts'

const HOUR = 3_600_000_000
const held = (hash: string) => env.KEYS.get<KeyRecord>(keyRecordName(hash), 'json')

/** The Worker's environment with a KV that does as it is told before each write. */
function withKv(before: (name: string) => Promise<void>) {
  const put: KVNamespace['put'] = async (name: string, value: unknown) => {
    await before(name)
    await env.KEYS.put(name, String(value))
  }
  const kv = new Proxy(env.KEYS, {
    get: (target, name) => {
      if (name === 'put') return put
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { ...env, KEYS: kv }
}

const refuse = () => Promise.reject(new Error('KV PUT failed: 429 Too Many Requests'))

test('a change is told at once: the record of the key, and nothing is left to tell', async () => {
  const account = await addAccount()
  const key = await addKey(account, { scopes: ['live', 'history'] })
  await accountChanged(env, account)
  expect(await held(key.hash)).toEqual({
    v: 1,
    account,
    key: key.id,
    rev: 1,
    scopes: ['live', 'history'],
    plan: 'pro',
    expires_us: null,
    revoked_us: null,
  })
  expect(await revOf(account)).toEqual({ rev: 2, untold: null })
})

test('a revocation is obeyed while KV still says what it said 90 seconds ago', async () => {
  const account = await addAccount()
  const key = await addKey(account)
  const kv = new LaggingKv(90_000)
  const lagging = { ...env, KEYS: kv.binding }
  await accountChanged(lagging, account)
  kv.pass(90_000)
  const app = makeApp()
  const status = async () => {
    const headers = { 'X-API-Key': key.text }
    const request = new Request('https://kalshibook.test/v1/markets?limit=1', { headers })
    const ctx = createExecutionContext()
    const response = await app.fetch(request, lagging, ctx)
    await response.text()
    await waitOnExecutionContext(ctx)
    return response.status
  }
  expect(await status()).toBe(200)
  await withAccounts(env, (sql) =>
    revokeKey(sql, { accountId: account, keyId: key.id, nowUs: now() }),
  )
  await accountChanged(lagging, account)
  expect(await kv.get(keyRecordName(key.hash))).toContain('"revoked_us":null')
  expect(await status()).toBe(401)
  kv.pass(90_000)
  expect(await kv.get(keyRecordName(key.hash))).not.toContain('"revoked_us":null')
})

test('a revoked key is kept as revoked, and a replaced one with its end', async () => {
  const account = await addAccount()
  const [gone, old] = [await addKey(account), await addKey(account)]
  const at = now()
  await withAccounts(env, (sql) =>
    revokeKey(sql, { accountId: account, keyId: gone.id, nowUs: at }),
  )
  const next = await draw()
  await withAccounts(env, (sql) =>
    rotateKey(sql, { accountId: account, keyId: old.id, nowUs: at }, next, 1),
  )
  await accountChanged(env, account)
  expect(await held(gone.hash)).toMatchObject({ rev: 2, revoked_us: at })
  expect(await held(old.hash)).toMatchObject({ rev: 2, expires_us: at + HOUR })
  expect(await held(next.hash)).toMatchObject({ rev: 1, expires_us: null })
})

test('what KV refuses stays noted, and the schedule tells it when KV takes it again', async () => {
  const account = await addAccount()
  const key = await addKey(account)
  await accountChanged(withKv(refuse), account)
  expect(await held(key.hash)).toBeNull()
  expect(await revOf(account)).toEqual({ rev: 2, untold: 2 })
  await projectAllLeft(withKv(refuse), now())
  expect(await revOf(account)).toEqual({ rev: 2, untold: 2 })
  await projectAllLeft(env, now())
  expect(await held(key.hash)).toMatchObject({ key: key.id })
  expect(await revOf(account)).toEqual({ rev: 2, untold: null })
})

test('a key that changes while it is written is written as it is in the end', async () => {
  const account = await addAccount()
  const key = await addKey(account)
  let isFirst = true
  const slow = withKv(async () => {
    if (!isFirst) return
    isFirst = false
    // Another request revokes it now, and tells of it, before this older record is written.
    await withAccounts(env, (sql) =>
      revokeKey(sql, { accountId: account, keyId: key.id, nowUs: now() }),
    )
    expect(await projectAccount(env, account)).toEqual({ kind: 'told' })
  })
  expect(await projectAccount(slow, account)).toEqual({ kind: 'told' })
  expect((await held(key.hash))?.revoked_us).not.toBeNull()
  expect(await revOf(account)).toEqual({ rev: 3, untold: null })
})

test('should the last write of such a race be refused, the schedule writes it', async () => {
  const account = await addAccount()
  const key = await addKey(account)
  let writes = 0
  const racing = withKv(async () => {
    if (writes++ > 0) return refuse()
    await withAccounts(env, (sql) =>
      capKey(sql, { accountId: account, keyId: key.id, nowUs: now() }, 9),
    )
    await projectAccount(env, account)
  })
  expect(await projectAccount(racing, account)).toEqual({ kind: 'later', why: 'edge' })
  expect(await held(key.hash)).toMatchObject({ rev: 1 })
  await projectAllLeft(env, now())
  expect(await held(key.hash)).toMatchObject({ rev: 2 })
})

test('an account that changes all the time is left to the schedule', async () => {
  const account = await addAccount()
  const key = await addKey(account)
  let cap = 0
  const restless = withKv(async () => {
    const place = { accountId: account, keyId: key.id, nowUs: now() }
    await withAccounts(env, (sql) => capKey(sql, place, ++cap))
    // Whoever changed it has told of it, before our older record is written.
    await asOwner((sql) => sql`delete from kb.projections where account_id = ${account}`)
  })
  expect(await projectAccount(restless, account)).toEqual({ kind: 'later', why: 'changing' })
  expect((await revOf(account)).untold).not.toBeNull()
  await projectAllLeft(env, now())
  expect(await held(key.hash)).toMatchObject({ rev: cap + 1 })
})

test('an object that cannot be told keeps the change noted, and the edge hears of it all the same', async () => {
  const account = await addAccount()
  const key = await addKey(account)
  const refresh = () => Promise.reject(new Error('the object is away'))
  const away = {
    ...env,
    ACCOUNT: { getByName: () => ({ refresh }) } as unknown as typeof env.ACCOUNT,
  }
  expect(await projectAccount(away, account)).toEqual({ kind: 'later', why: 'object' })
  expect(await held(key.hash)).toMatchObject({ key: key.id })
  expect((await revOf(account)).untold).toBe(2)
  await accountChanged(env, account)
  expect((await revOf(account)).untold).toBeNull()
})

test('nobody who tells of a change hears of a store that is away', async () => {
  const { HYPERDRIVE_ACCOUNT: _, ...rest } = env
  await expect(accountChanged(rest, crypto.randomUUID())).resolves.toBeUndefined()
})

test('a plan that begins later reaches the edge when it begins, and is written down once', async () => {
  const account = await addAccount()
  const key = await addKey(account)
  await accountChanged(env, account)
  const begins = (now() + 1_000_000) as Micros
  await asOwner(
    (sql) => sql`
      insert into kb.plan_changes (account_id, from_us, plan, source, made_us)
      values (${account}, ${begins}, 'free', ${`test ${account}`}, 5)`,
  )
  await noteDuePlans(env, (begins - 1) as Micros)
  expect((await revOf(account)).untold).toBeNull()
  await noteDuePlans(env, begins)
  await noteDuePlans(env, begins)
  expect(await revOf(account)).toEqual({ rev: 3, untold: 3 })
  await asOwner(
    (sql) => sql`update kb.plan_changes set from_us = ${now() - 1} where account_id = ${account}`,
  )
  await projectAllLeft(env, now())
  expect(await held(key.hash)).toMatchObject({ plan: 'free' })
})

test('the night’s sweep makes what the edge holds what the store says, once a night', async () => {
  const account = await addAccount()
  const [wrong, missing] = [await addKey(account), await addKey(account)]
  await env.KEYS.put(keyRecordName(wrong.hash), 'rubbish')
  const night = (Date.UTC(2026, 10, 22, 3) * 1000) as Micros
  const sweep = async (atUs: number) => {
    for (let minute = 0; minute < 5; minute++)
      await sweepKeys(env, (atUs + minute * 60e6) as Micros)
  }
  await sweep(night)
  expect(await held(wrong.hash)).toMatchObject({ key: wrong.id })
  expect(await held(missing.hash)).toMatchObject({ key: missing.id })
  await env.KEYS.put(keyRecordName(wrong.hash), 'rubbish')
  await sweep(night + 300e6)
  expect(await env.KEYS.get(keyRecordName(wrong.hash))).toBe('rubbish')
  await sweep(night + 86_400e6)
  expect(await held(wrong.hash)).toMatchObject({ key: wrong.id })
})

test('the last use of a key is noted with what the ledger is told, and never taken back', async () => {
  const [account, other] = [await addAccount(), await addAccount()]
  const { id } = await addKey(account)
  const used = async (hourUs: number, of = account) => {
    const told = ['page:site', id].map((keyId) => ({ keyId, hourUs: hourUs as Micros }))
    await withAccounts(env, (sql) => noteUses(sql, of, told))
    const [row] = await asOwner((sql) => sql`select last_used_us from kb.api_keys where id = ${id}`)
    return Number(row?.['last_used_us'])
  }
  expect(await used(0, other)).toBe(0)
  expect(await used(0)).toBe(HOUR - 1)
  const before = now()
  const last = await used(hourOf(before))
  expect(last).toBeGreaterThan(before - 5_000_000)
  expect(last).toBeLessThan(now() + 5_000_000)
  expect(await used(0)).toBe(last)
})

test('the object itself notes it when it tells the ledger', async () => {
  const account = await addAccount()
  const { id } = await addKey(account)
  const object = accountStub(env, account)
  const ask = { requestId: 'used', keyId: id, rev: 1, route: '/v1/markets', credits: 1 }
  expect(await object.spend({ ...ask, counts: true })).toMatchObject({ ok: true })
  await object.settle('used', 1)
  await object.closeDue()
  const [row] = await withAccounts(env, (sql) => listKeys(sql, account, now()))
  expect(now() - (row?.lastUsedUs ?? 0)).toBeLessThan(10_000_000)
})

test('a job that fails keeps none of those after it from running, each in its minutes', async () => {
  const ran: string[] = []
  const job = (name: string, everyMinutes: number, fails = false) => ({
    name,
    everyMinutes,
    run: () => {
      ran.push(name)
      return fails ? Promise.reject(new Error('no')) : Promise.resolve()
    },
  })
  const jobs = [job('bad', 1, true), job('each', 1), job('fifth', 5)]
  await runJobs(env, 4 * 60_000, jobs)
  await runJobs(env, 5 * 60_000, jobs)
  expect(ran).toEqual(['bad', 'each', 'bad', 'each', 'fifth'])
})

test('a job that hangs is waited for no longer than it may take, and its failing later is logged', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  try {
    const { promise, reject } = Promise.withResolvers<void>()
    const ran: string[] = []
    const next = async () => void ran.push('next')
    const jobs = [
      { name: 'hangs', everyMinutes: 1, run: () => promise },
      { name: 'next', everyMinutes: 1, run: next },
    ]
    await runJobs(env, 60_000, jobs, 5)
    expect(ran).toEqual(['next'])
    expect(warned).toHaveBeenCalledWith(JSON.stringify({ event: 'job_late', job: 'hangs' }))
    reject(new Error('no'))
    await vi.waitFor(() => expect(String(logged.mock.calls)).toContain('job hangs'))
  } finally {
    logged.mockRestore()
    warned.mockRestore()
  }
})

test('the Worker’s own schedule tells what is left', async () => {
  const account = await addAccount()
  const key = await addKey(account)
  await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env)
  expect(await held(key.hash)).toMatchObject({ key: key.id })
})
