import { connect as connectTo, createServer, type Server, type Socket } from 'node:net'
import type { Sql } from 'postgres'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connectStore } from '../../collector/store/connect.ts'
import { openStore, type Store } from './fixture.ts'

let store: Store
let address: string
let sql: Sql
let proxy: Proxy

beforeAll(async () => {
  store = await openStore()
  proxy = await openProxy(Number(new URL(store.collectorUrl).port))
  const url = new URL(store.collectorUrl)
  url.port = String(proxy.port)
  address = url.href
  sql = connectStore(address, 3)
})

afterAll(async () => {
  await sql.end({ timeout: 5 })
  proxy.close()
  await store.stop()
})

afterEach(() => {
  proxy.mode = 'pass'
})

type Proxy = { port: number; mode: 'pass' | 'mute' | 'refuse'; cut(): void; close(): void }

/** Stands between the pool and Postgres, so that connections can be cut where Postgres would not. */
function openProxy(to: number): Promise<Proxy> {
  const pairs = new Set<Socket>()
  const cut = () => {
    for (const socket of pairs) socket.resetAndDestroy()
  }
  return new Promise((done) => {
    const server: Server = createServer((client) => {
      if (made.mode === 'refuse') {
        client.resetAndDestroy()
        return
      }
      const upstream = connectTo(to)
      for (const socket of [client, upstream]) {
        pairs.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          pairs.delete(socket)
          client.destroy()
          upstream.destroy()
        })
      }
      client.on('data', (chunk) => upstream.write(chunk))
      upstream.on('data', (chunk) => made.mode !== 'mute' && client.write(chunk))
    })
    const close = () => {
      cut()
      server.close()
    }
    const made: Proxy = { port: 0, mode: 'pass', cut, close }
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address !== null && typeof address === 'object') made.port = address.port
      done(made)
    })
  })
}

/** How long (ms) a store may be silent where that is what is tried; a connection must come to stand in it too. */
const SILENT_MS = 1500
const GONE = /^(CONNECTION_CLOSED|CONNECTION_DESTROYED|CONNECT_TIMEOUT|57P01)$/
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? 'none',
  )

test('a connection cut inside a transaction fails that transaction, and the next one works', async () => {
  const broken = sql.begin(async (tx) => {
    await tx`select 1`
    proxy.cut()
    await tx`select 2`
  })
  expect(await codeOf(broken)).toMatch(GONE)
  expect((await sql`select 3 as three`)[0]?.['three']).toBe(3)
})

test('transactions that are cut again and again all settle, and the pool keeps all its places', async () => {
  for (let round = 0; round < 20; round++) {
    const works = [1, 2, 3, 4, 5, 6].map(() =>
      sql.begin(async (tx) => {
        await tx`select 1`
        await tx`select repeat(${'x'}, 5000)`
        await tx`select 2`
      }),
    )
    const outcomes = Promise.all(works.map(codeOf))
    if (round % 2 === 0) await sql`select 1`.catch(() => undefined)
    proxy.cut()
    for (const outcome of await outcomes) expect(outcome).toMatch(/^done$|^[A-Z0-9_]+$/)
  }
  const places = [1, 2, 3].map(() => sql`select pg_backend_pid() as pid, pg_sleep(0.05)`)
  const pids = (await Promise.all(places)).map(([row]) => row?.['pid'])
  expect(new Set(pids).size).toBe(3)
})

test('a store that refuses is asked again with the next statement', async () => {
  proxy.cut()
  proxy.mode = 'refuse'
  for (let i = 0; i < 5; i++) expect(await codeOf(sql`select 1`)).toMatch(GONE)
  proxy.mode = 'pass'
  expect(await codeOf(sql`select 1`)).toBe('done')
})

test('a store that falls silent fails the statement in time', { timeout: 20_000 }, async () => {
  const hasty = connectStore(address, 3, { connectMs: SILENT_MS, silenceMs: SILENT_MS })
  await hasty`select 1`
  proxy.mode = 'mute'
  expect(await codeOf(hasty`select 1`)).toMatch(GONE)
  expect(await codeOf(hasty`select 1`)).toMatch(GONE)
  proxy.mode = 'pass'
  expect(await codeOf(hasty`select 1`)).toBe('done')
  await hasty.end({ timeout: 5 })
})

test('an ended backend is a failed statement, not a fallen process', async () => {
  const [row] = await sql`select pg_backend_pid() as pid`
  const sleeping = codeOf(sql`select pg_sleep(30)`)
  let ended = 0
  while (ended === 0) {
    const rows = await store.owner`
      select pg_terminate_backend(pid) from pg_stat_activity
      where usename = 'kb_collector' and query like '%pg_sleep(30)%' and state = 'active'`
    ended = rows.length
  }
  expect(row?.['pid']).toBeGreaterThan(0)
  expect(await sleeping).toMatch(GONE)
  expect(await codeOf(sql`select 1`)).toBe('done')
})
