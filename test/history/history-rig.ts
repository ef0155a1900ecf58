import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import { makeApiKey } from '#core/api-key'
import { Child } from '../../local/child.ts'
import { seedDevelopmentKey } from '../../local/development-key.ts'
import { freshDatabase } from '../database.ts'
import { HistoryApi } from './history-api.ts'
import type { MadeHistory } from './made-history.ts'
import { type Dropped, storeHistory } from './store-history.ts'

/** A Worker in workerd over a Postgres that holds a made-up history. */
export type HistoryRig = {
  readonly api: HistoryApi
  /** The owner's connection. */
  readonly sql: Sql
  readonly dropped: Dropped
  stop(): Promise<void>
}

/** Starts both and fills the store. Throws when one of them does not start; nothing is left running then. */
export async function startHistory(made: MadeHistory): Promise<HistoryRig> {
  const dir = await mkdtemp(join(tmpdir(), 'kalshibook-history-'))
  const database = await freshDatabase()
  const sql = postgres(database.ownerUrl, { max: 4, onnotice: () => {} })
  await trustEverybody(sql)
  const pepper = randomBytes(32).toString('base64url')
  const worker = new Child({
    name: 'worker',
    program: 'local/worker-main.ts',
    logFile: join(dir, 'worker.log'),
    env: {
      HTTP_PORT: '0',
      STATE_DIR: join(dir, 'state'),
      READER_DATABASE_URL: database.readerUrl,
      ACCOUNT_DATABASE_URL: database.accountUrl,
      FEED_ENV: 'test',
      FEED_SHARDS: '1',
      FEED_TOKEN: 'the-feed-token-of-tests',
      KEY_PEPPER_V1: pepper,
      CURSOR_SECRET_V1: 'the-cursor-secret-of-tests',
      SESSION_SECRET_V1: 'the-session-secret-of-tests',
      // Two cores are shared with everything else: the account may take its time.
      ACCOUNT_MS: '20000',
    },
  })
  const stop = async () => {
    await worker.stop()
    await sql.end({ timeout: 5 })
    await database.stop()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    const key = makeApiKey(randomBytes(128))
    await seedDevelopmentKey(database.ownerUrl, key, pepper)
    const [{ url }, dropped] = await Promise.all([worker.ready(), storeHistory(sql, made)])
    return { api: new HistoryApi(String(url), key), sql, dropped, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Asks nobody for a password: to check it, each request would take several times as long as to answer it. */
async function trustEverybody(sql: Sql): Promise<void> {
  const [row] = await sql<{ hba_file: string }[]>`show hba_file`
  await writeFile(row?.hba_file ?? '', 'host all all 127.0.0.1/32 trust\n')
  await sql`select pg_reload_conf()`
}
