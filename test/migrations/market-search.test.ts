import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '../../migrations/migrate.ts'
import { searchMarkets } from '../../worker/store/market-search.ts'
import { emptyDatabase } from '../database.ts'

const FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url))

let cluster: Awaited<ReturnType<typeof emptyDatabase>>
let folder: string

beforeAll(async () => {
  cluster = await emptyDatabase()
  folder = await mkdtemp(join(tmpdir(), 'kalshibook-migrations-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await cluster.stop()
})

test('markets and logs that are there already are found, and begin where they did', async () => {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort()
  for (const file of files.filter((name) => name < '0014')) {
    await cp(join(FOLDER, file), join(folder, file))
  }
  await migrate(cluster.ownerUrl, folder)
  const sql = postgres(cluster.ownerUrl, { max: 1, onnotice: () => {} })
  try {
    await sql`
      insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw, first_seen_us, updated_us)
      select 'KXOLD-1-' || i, 'KXOLD-1', 'KXOLD', 'An old question ' || i, 'binary', 'active', '{}', 1, 1
      from generate_series(1, 4) i`
    await sql`
      insert into kb.series (ticker, title, raw, updated_us) values ('KXOLD', 'Antiques', '{}', 1)`
    await sql`
      insert into kb.book_deltas (market_id, seq, recv_us, kind, reason, ladders)
      values (1, 0, 1000, 0, 'first', '|'), (1, 1, 2000, 0, 'exchange', '|'), (2, 9, 9000, 0, 'check', '|')`
    await sql`
      insert into kb.book_segments (market_id, first_us, first_seq, last_seq, last_us, records, deltas, data)
      values (2, 700, 3, 3, 700, 1, 0, ''), (2, 800, 4, 4, 800, 1, 0, ''), (3, 0, 6, 5, 10, 0, 0, ''), (3, 600, 6, 6, 600, 1, 0, '')`
    await cp(FOLDER, folder, { recursive: true })
    await migrate(cluster.ownerUrl, folder)
    const begins = await sql`select market_id, first_us::int from kb.log_begins order by 1`
    expect([...begins]).toEqual([
      { market_id: 1, first_us: 1000 },
      { market_id: 2, first_us: 700 },
      { market_id: 3, first_us: 600 },
    ])
    const { rows } = await searchMarkets(sql, { typed: 'antiques question', limit: 9 })
    expect(rows.map(({ ticker }) => ticker)).toEqual([1, 2, 3, 4].map((i) => `KXOLD-1-${i}`))
  } finally {
    await sql.end()
  }
})
