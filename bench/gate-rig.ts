import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import { makeApiKey } from '#core/api-key'
import type { Micros } from '#core/instant'
import { type BookRecord, type Epoch, type Level, seqOf } from '#core/log'
import { rowOf } from '#core/log-row'
import { Child } from '../local/child.ts'
import { UNLIMITED } from '../local/development-key.ts'
import { freePort } from '../local/free-port.ts'
import { type BenchDatabase, benchDatabase } from './bench-database.ts'
import { type PgBouncer, startPgBouncer } from './pgbouncer.ts'

const TICKER = 'KXBENCH-26NOV22-T1'
const MINUTE_US = 60_000_000

/** The real Worker on a real Postgres with a book, and accounts whose terms nothing reaches. */
export type GateRig = {
  readonly url: string
  /** A book of the past, which is one credit. */
  readonly path: string
  /** A key of each account. */
  readonly keys: readonly string[]
  stop(): Promise<void>
}

/** Starts everything. Throws when something does not start; then nothing is left running. */
export async function openGateRig(accounts: number): Promise<GateRig> {
  const database = await benchDatabase()
  const pepper = randomBytes(32).toString('base64url')
  let worker: Child | null = null
  let bouncer: PgBouncer | null = null
  const stop = async () => {
    await worker?.stop()
    await bouncer?.stop()
    await database.stop()
  }
  try {
    const at = ((Date.now() - 1_800_000) * 1000) as Micros
    const owner = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })
    const begin = async (): Promise<GateRig> => {
      await storeBook(owner, at)
      const keys = await storeKeys(owner, pepper, accounts)
      bouncer = await startPgBouncer([database.readerUrl, database.accountUrl])
      worker = await startWorker(database, pepper, (url) => bouncer?.through(url) ?? url)
      const { url } = await worker.ready()
      await tellTheEdge(owner, worker)
      const path = `/v1/markets/${TICKER}/orderbook?at=${at + MINUTE_US}`
      return { url: String(url), path, keys, stop }
    }
    return await begin().finally(() => owner.end())
  } catch (error) {
    await stop()
    throw error
  }
}

async function storeBook(sql: Sql, at: Micros): Promise<void> {
  const level = (price: number) => [price, 1000] as unknown as Level
  const snapshot: BookRecord = {
    kind: 'snapshot',
    seq: seqOf(1 as Epoch, 0),
    recv: at,
    event: null,
    reason: 'first',
    yes: [level(420_000), level(410_000)],
    no: [level(570_000)],
  }
  const [market] = await sql<{ id: number }[]>`
    insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw,
      first_seen_us, updated_us)
    values (${TICKER}, 'KXBENCH-26NOV22', 'KXBENCH', 'A question', 'binary', 'active', '{}', 1, 1)
    returning id`
  const id = market?.id ?? 0
  await sql`insert into kb.book_deltas ${sql({ market_id: id, ...rowOf(snapshot) })}`
  await sql`insert into kb.log_begins values (${id}, ${at})`
  await sql`
    insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
    values (0, 1, 'lease', 0, ${at + 20 * MINUTE_US})`
}

async function storeKeys(sql: Sql, pepper: string, accounts: number): Promise<string[]> {
  const keys: string[] = []
  for (let n = 0; n < accounts; n += 1) {
    const key = makeApiKey(randomBytes(128))
    const [account] = await sql<{ id: string }[]>`
      insert into kb.accounts (name, plan, created_us, terms)
      values ('bench', 'scale', 1, ${sql.json({ ...UNLIMITED })}) returning id`
    await sql`
      insert into kb.api_keys (account_id, hash, pepper_version, display, scopes, created_us)
      values (${account?.id ?? ''}, ${createHmac('sha256', pepper).update(key).digest()}, 1,
        ${key.slice(0, 12)}, '{live,history}', 1)`
    keys.push(key)
  }
  return keys
}

/** Has the schedule write the keys to KV, where the edge has them, and wake the accounts. Throws when it does not. */
async function tellTheEdge(sql: Sql, worker: Child): Promise<void> {
  await sql`select kb.account_changed(id, 1) from kb.accounts`
  for (let runs = 0; runs < 10; runs += 1) {
    const { problem } = await worker.ask(`schedule ${runs}`, { atMs: Date.now() })
    if (problem !== null) throw new Error(String(problem))
    const [left] = await sql`select from kb.projections limit 1`
    if (left === undefined) return
  }
  throw new Error('keys are not told to the edge')
}

/** @param through an address by way of the pool, where there is one, as Hyperdrive is */
async function startWorker(
  database: BenchDatabase,
  pepper: string,
  through: (url: string) => string,
): Promise<Child> {
  const secret = () => randomBytes(32).toString('base64url')
  return new Child({
    name: 'worker',
    program: 'local/worker-main.ts',
    env: {
      HTTP_PORT: String(await freePort()),
      STATE_DIR: join(database.dir, 'worker'),
      READER_DATABASE_URL: through(database.readerUrl),
      ACCOUNT_DATABASE_URL: through(database.accountUrl),
      FEED_ENV: 'bench',
      FEED_SHARDS: '1',
      FEED_TOKEN: secret(),
      KEY_PEPPER_V1: pepper,
      CURSOR_SECRET_V1: secret(),
      SESSION_SECRET_V1: secret(),
      FRAGILE_WORKER: 'bench/ungated-worker.ts',
    },
    logFile: join(database.dir, 'worker.log'),
  })
}
