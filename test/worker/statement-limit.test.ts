import { env } from 'cloudflare:workers'
import type { Sql } from 'postgres'
import { beforeAll, expect, test } from 'vitest'
import { openDatabase, withDatabase } from '../../worker/database.ts'
import { withStatementLimit } from '../../worker/statement-limit.ts'
import { us } from '../core/arbitraries.ts'
import { call, errorOf } from './api.ts'
import { asOwner, setWatermark, storeMarket } from './store.ts'

const T = 'SLOW-26NOV22-T1'

beforeAll(async () => {
  await storeMarket(T)
  await setWatermark(us(1_795_000_000_000_000))
  // What is slow about a first call is not what is measured.
  await call(`/v1/markets/${T}/orderbook?at=2026-11-01T00:00:00Z`)
})

/** Statements of the Worker's that Postgres is still busy with. */
async function running(): Promise<number> {
  const [row] = await asOwner(
    (sql) => sql`
      select count(*)::int as n from pg_stat_activity
      where usename = 'kb_reader' and state = 'active' and backend_type = 'client backend'
        and datname = current_database()`,
  )
  return row?.['n']
}

/** Calls while somebody holds a table, so that whatever reads it goes on for ever; Postgres must not be left busy with it. */
function callWhileHeld(table: string, path: string, headers: Record<string, string> = {}) {
  const key = { Authorization: `Bearer ${env.TEST_KEYS.good}` }
  return asOwner((sql) =>
    sql.begin(async (tx) => {
      await tx.unsafe(`lock table ${table} in access exclusive mode`)
      const before = performance.now()
      const answer = await call(path, { ...key, ...headers })
      const ms = performance.now() - before
      // Postgres tells of a statement's end a moment after it has told whoever waited for it.
      await expect.poll(running, { timeout: 1000 }).toBe(0)
      return { answer, ms }
    }),
  )
}

test('a past book that takes longer than two seconds is given up as 503, and Postgres is not left busy', async () => {
  const { answer, ms } = await callWhileHeld(
    'kb.book_gaps',
    `/v1/markets/${T}/orderbook?at=2026-11-01T00:00:00Z`,
  )
  expect(answer.status).toBe(503)
  expect(errorOf(answer)).toMatchObject({ code: 'upstream_degraded', retry_after_ms: 1000 })
  expect(ms).toBeGreaterThan(1500)
  expect(ms).toBeLessThan(4800)
})

test('a page of a list may take five seconds, and no longer', async () => {
  const { answer, ms } = await callWhileHeld('kb.book_gaps', `/v1/markets/${T}/gaps`)
  expect(answer.status).toBe(503)
  expect(errorOf(answer).code).toBe('upstream_degraded')
  expect(ms).toBeGreaterThan(4500)
  expect(ms).toBeLessThan(8000)
})

const later = (goodbye: Promise<unknown>) => void goodbye
const asReader = <Result>(run: (sql: Sql) => Promise<Result>) =>
  withDatabase(env.HYPERDRIVE_READER.connectionString, later, run)

async function limitOf(sql: Sql): Promise<string> {
  const [row] = await sql`show statement_timeout`
  return String(row?.['statement_timeout'])
}

test('a limit holds for what is run under it, also when nothing was asked before, and not after it', async () => {
  await asReader(async (sql) => {
    expect(await withStatementLimit(sql, 5000, () => limitOf(sql))).toBe('5s')
    expect(await limitOf(sql)).toBe('2s')
    expect(await withStatementLimit(sql, 10_000, () => limitOf(sql))).toBe('10s')
    const [row] = await sql`select pg_current_xact_id_if_assigned() as xact, now() as at`
    expect(row?.['xact']).toBeNull()
  })
})

test('what is too slow is cancelled with 57014, told as away, and the connection goes on', async () => {
  const database = openDatabase(env.HYPERDRIVE_READER.connectionString, later)
  try {
    const slow = database.run((sql) =>
      withStatementLimit(sql, 100, async () => {
        await sql`select 1`
        return sql`select pg_sleep(30)`
      }),
    )
    await expect(slow).rejects.toMatchObject({ code: 'database_away', cause: { code: '57014' } })
    expect(await database.run(limitOf)).toBe('2s')
    await expect.poll(running, { timeout: 1000 }).toBe(0)
  } finally {
    database.close()
  }
})

test('under a limit nothing can be written', async () => {
  const write = asOwner((sql) =>
    withStatementLimit(sql, 1000, () => sql`insert into kb.retention values ('gaps', 1)`),
  )
  await expect(write).rejects.toMatchObject({ code: '25006' })
})

test('a reading of many transactions needs nothing of the one before, which a pool may give another connection', async () => {
  const database = openDatabase(env.HYPERDRIVE_READER.connectionString, later, false)
  try {
    for (const word of ['one', 'two']) {
      const asked = database.run((sql) =>
        withStatementLimit(sql, 1000, () => sql`select ${word}::text as word`),
      )
      expect(await asked).toMatchObject([{ word }])
      await database.run((sql) => sql.unsafe('deallocate all'))
    }
  } finally {
    database.close()
  }
})
