import { join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { Child } from '../local/child.ts'
import { seedDevelopmentKey, UNLIMITED } from '../local/development-key.ts'
import { freePort } from '../local/free-port.ts'
import { keptSecrets } from '../local/kept-secrets.ts'
import { type BenchDatabase, benchDatabase } from './bench-database.ts'
import { type HistoryPlan, type HistorySize, planHistory } from './history-plan.ts'
import { fillHistory, type LoggedMarket } from './history-store.ts'
import { nowUs } from './lag-watch.ts'
import { type PgBouncer, startPgBouncer } from './pgbouncer.ts'

/** A filled Postgres, a pool before it where there is one, and the Worker in workerd, each a process of its own. */
export type HistoryRig = {
  readonly plan: HistoryPlan
  /** The market of each of the plan's logs. */
  readonly markets: readonly LoggedMarket[]
  readonly pool: 'pgbouncer' | 'none'
  /** The Worker's address and a key for it. */
  readonly url: string
  readonly apiKey: string
  readonly workerPid: number
  /** A pool of a Node client's own, straight to Postgres as kb_reader: the baseline. */
  readonly reader: Sql
  stop(): Promise<void>
}

/**
 * Starts and fills everything; what it does is told on stderr.
 * @param clients how many connections the baseline's pool has
 * Throws when something does not start.
 */
export async function openHistoryRig(size: HistorySize, clients: number): Promise<HistoryRig> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  try {
    const database = await benchDatabase()
    stops.push(() => database.stop())
    const plan = planHistory(size, nowUs() as Micros)
    const begun = performance.now()
    const markets = await fillHistory(database.ownerUrl, plan, size.listed)
    tell(`${size.deltas} deltas stored in ${Math.round((performance.now() - begun) / 1000)} s`)
    const bouncer = await startPgBouncer([database.readerUrl, database.accountUrl])
    if (bouncer !== null) stops.push(() => bouncer.stop())
    const secrets = await keptSecrets(database.dir)
    await seedDevelopmentKey(database.ownerUrl, secrets.apiKey, secrets.keyPepper, UNLIMITED)
    const worker = await workerOf(database, bouncer)
    stops.push(() => worker.stop())
    const { url } = await worker.ready()
    const reader = postgres(database.readerUrl, { max: clients, fetch_types: false })
    stops.push(() => reader.end({ timeout: 1 }))
    return {
      plan,
      markets,
      pool: bouncer === null ? 'none' : 'pgbouncer',
      url: String(url),
      apiKey: secrets.apiKey,
      workerPid: worker.pid ?? 0,
      reader,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function workerOf(database: BenchDatabase, bouncer: PgBouncer | null): Promise<Child> {
  const through = (url: string) => bouncer?.through(url) ?? url
  const secrets = await keptSecrets(database.dir)
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
      FEED_TOKEN: secrets.feedToken,
      KEY_PEPPER_V1: secrets.keyPepper,
      CURSOR_SECRET_V1: secrets.cursorSecret,
      SESSION_SECRET_V1: secrets.sessionSecret,
    },
    logFile: join(database.dir, 'worker.log'),
  })
}

/** Says on stderr what goes on. */
export function tell(words: string): void {
  process.stderr.write(`${words}\n`)
}
