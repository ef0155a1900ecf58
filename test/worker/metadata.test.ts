import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { makeApp } from '../../worker/app.ts'
import type { Env } from '../../worker/env.ts'
import { asOwner, storeMarket } from './store.ts'

const T = 'CACHED-26NOV22-T1'
const AWAY = { connectionString: 'postgres://kb_reader@127.0.0.1:1/none' } as Hyperdrive
const DESCRIPTIONS = ['/v1/series/CACHED', '/v1/events/CACHED-26NOV22']

beforeAll(async () => {
  await storeMarket(T)
  await asOwner(async (sql) => {
    await sql`insert into kb.series (ticker, title, raw, updated_us) values ('CACHED', 'A series', '{}', 1)`
    await sql`
      insert into kb.events (ticker, series_ticker, title, raw, updated_us)
      values ('CACHED-26NOV22', 'CACHED', 'An event', '{}', 1)`
  })
})

async function statusOf(changed: Partial<Env>, path: string): Promise<number> {
  const ctx = createExecutionContext()
  const headers = { 'X-API-Key': env.TEST_KEYS.good }
  const request = new Request(`https://kalshibook.test${path}`, { headers })
  const response = await makeApp().fetch(request, { ...env, ...changed }, ctx)
  await response.text()
  await waitOnExecutionContext(ctx)
  return response.status
}

test('behind the cached binding these tests have a role that reads descriptions and nothing else', async () => {
  const rows = await asOwner(
    (sql) => sql`
      select c.relname from pg_class c
      where c.relnamespace = 'kb'::regnamespace and c.relkind in ('r', 'p')
        and has_table_privilege('cached_reader', c.oid, 'select') order by 1`,
  )
  expect(rows.map((row) => row['relname'])).toEqual(['events', 'markets', 'series'])
})

test.each(DESCRIPTIONS)('%s goes through the cached binding alone', async (path) => {
  expect(await statusOf({ HYPERDRIVE_READER: AWAY }, path)).toBe(200)
  expect(await statusOf({ HYPERDRIVE_METADATA: AWAY }, path)).toBe(503)
})

test('without the cached binding descriptions are 503, never read otherwise, and the record is read', async () => {
  const changed = { HYPERDRIVE_METADATA: undefined } as unknown as Partial<Env>
  for (const path of DESCRIPTIONS) expect(await statusOf(changed, path)).toBe(503)
  expect(await statusOf(changed, `/v1/markets/${T}/gaps?to=2026-11-22T00:00:00Z`)).not.toBe(503)
  expect(await statusOf(changed, '/v1/markets')).toBe(200)
})
