import { join } from 'node:path'
import { migrate } from '../migrations/migrate.ts'
import type { Child } from './child.ts'
import { type LocalConfig, NO_EXCHANGE } from './config.ts'
import { dataFolder } from './data-folder.ts'
import { seedDevelopmentKey } from './development-key.ts'
import { firstBooks } from './first-books.ts'
import { firstMarket } from './first-market.ts'
import { type KeptSecrets, keptSecrets } from './kept-secrets.ts'
import { Parts } from './parts.ts'
import { spawnPostgres } from './postgres-process.ts'
import { reachExchange } from './reach-exchange.ts'
import { type RoleUrls, setRolePasswords } from './roles.ts'
import { type StandIn, type StandIns, startStandIns } from './stand-ins.ts'

const ENVIRONMENT = 'local'
/** How long the collector may make no progress towards the first books. */
const READY_MS = 20_000
const NEVER = new Promise<never>(() => {})

/** The whole product on this machine, running. */
export type Product = {
  readonly url: string
  /** A market that can be asked for; null when the exchange has none. */
  readonly firstTicker: string | null
  readonly apiKey: string
  /** The owner's address of its database. */
  readonly databaseUrl: string
  /** What it is configured by, all programs together: as a deployment would be. */
  readonly variables: Readonly<Record<string, string>>
  readonly worker: Child
  /** What stands in for Supabase Auth and for Stripe; null where nothing does. */
  readonly supabase: StandIn | null
  readonly stripe: StandIn | null
  /** The collector that runs now; it may be stopped, killed and started again. */
  readonly collector: () => Child
  readonly startCollector: () => Promise<Child>
  /** Stops the embedded Postgres alone; nothing where another is used. */
  readonly stopPostgres: () => Promise<void>
  /** The name of whatever ended without being told to. */
  readonly ended: Promise<string>
  /** Stops everything, the collector first, so that it can still write. */
  readonly stop: () => Promise<void>
}

/** Environment of the collector beside what the product sets; tests shorten its timeouts. */
export type Overrides = {
  readonly collector?: Readonly<Record<string, string>>
  readonly worker?: Readonly<Record<string, string>>
  /** Terms of the development account, over those of its plan. */
  readonly terms?: Readonly<Record<string, number>>
}

/**
 * Starts what stands in for others, Postgres, migrations, exchange, Worker and collector, in this order.
 * @param signal gives up the start, also while it waits
 * @returns once the first call can be made
 * Throws when one of them does not start, or the signal comes; then nothing is left running.
 */
export async function startProduct(
  config: LocalConfig,
  overrides: Overrides = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Product> {
  const parts = new Parts(signal)
  try {
    return await start(config, overrides, parts)
  } catch (error) {
    await parts.stop().catch(() => {})
    throw error
  }
}

async function start(config: LocalConfig, overrides: Overrides, parts: Parts): Promise<Product> {
  const { exchange } = config
  if (exchange.kind === 'given') await parts.during(reachExchange(exchange.env))
  const folder = await dataFolder(config.dataDir, config.fresh)
  parts.add('folder', NEVER, () => folder.release())
  const secrets = await keptSecrets(folder.root)
  const launch = (name: string, program: string, args: string[], env: Record<string, string>) =>
    parts.launch({ name, program, args, env, logFile: join(folder.log, `${name}.log`) })

  const standing = startStandIns(config, folder, secrets, publicUrlOf(config), launch)
  // It is waited for below; what fails before must not leave it unheard.
  standing.catch(() => {})
  let databaseUrl = config.databaseUrl
  let stopPostgres: () => Promise<unknown> = async () => {}
  if (databaseUrl === null) {
    // What of it is being started is waited for: it stops by itself only when we are gone.
    const postgres = await spawnPostgres({ dataDir: folder.postgres, persistent: true })
    databaseUrl = postgres.url
    stopPostgres = parts.add('postgres', postgres.ended, postgres.stop)
  }
  await migrate(databaseUrl)
  const roles = await setRolePasswords(databaseUrl, folder.root)
  await seedDevelopmentKey(databaseUrl, secrets.apiKey, secrets.keyPepper, overrides.terms)
  const kalshi =
    exchange.kind === 'given'
      ? exchange.env
      : keyOf(
          await parts.during(
            launch('exchange', 'simulator/main.ts', [...exchange.args], {}).ready(),
          ),
        )
  const standIns = await parts.during(standing)
  const ofWorker = workerVariables(config, folder.worker, roles, secrets, standIns, overrides)
  const worker = launch('worker', 'local/worker-main.ts', [], ofWorker)
  const url = String((await parts.during(worker.ready()))['url'])
  const variables = collectorVariables(config, url, folder.spool, roles, secrets)
  let collector: Child
  const startCollector = async () => {
    collector = launch('collector', 'collector/main.ts', [], {
      ...variables,
      ...NO_EXCHANGE,
      ...kalshi,
      ...overrides.collector,
    })
    await collector.ready()
    return collector
  }
  collector = await parts.during(startCollector())
  const followed = await parts.during(firstBooks(collector, config.shards, READY_MS))
  const firstTicker = await parts.during(firstMarket(url, secrets.apiKey, followed))
  return {
    url,
    firstTicker,
    apiKey: secrets.apiKey,
    databaseUrl,
    variables: { ...ofWorker, ...variables, ...kalshi, DATABASE_URL: databaseUrl, PUBLIC_URL: url },
    worker,
    supabase: standIns.supabase,
    stripe: standIns.stripe,
    collector: () => collector,
    startCollector,
    stopPostgres: async () => {
      await stopPostgres()
    },
    ended: parts.ended,
    stop: () => parts.stop(),
  }
}

/** What a simulated exchange says of itself when it is ready, as the collector's variables. */
function keyOf(word: Record<string, unknown>): Record<string, string> {
  return {
    KALSHI_WS_URL: String(word['wsUrl']),
    KALSHI_REST_URL: String(word['restUrl']),
    KALSHI_KEY_ID: String(word['keyId']),
    KALSHI_PRIVATE_KEY: String(word['privateKeyPem']),
  }
}

/** Where the Worker will listen. */
function publicUrlOf({ port }: LocalConfig): string {
  return `http://127.0.0.1:${port}`
}

function workerVariables(
  config: LocalConfig,
  stateDir: string,
  roles: RoleUrls,
  secrets: KeptSecrets,
  standIns: StandIns,
  overrides: Overrides,
): Record<string, string> {
  return {
    HTTP_PORT: String(config.port),
    STATE_DIR: stateDir,
    READER_DATABASE_URL: roles.readerUrl,
    ACCOUNT_DATABASE_URL: roles.accountUrl,
    FEED_ENV: ENVIRONMENT,
    FEED_SHARDS: String(config.shards),
    FEED_TOKEN: secrets.feedToken,
    KEY_PEPPER_V1: secrets.keyPepper,
    CURSOR_SECRET_V1: secrets.cursorSecret,
    SESSION_SECRET_V1: secrets.sessionSecret,
    ...standIns.variables,
    ...overrides.worker,
  }
}

function collectorVariables(
  config: LocalConfig,
  url: string,
  spoolDir: string,
  roles: RoleUrls,
  secrets: KeptSecrets,
): Record<string, string> {
  return {
    COLLECTOR_DATABASE_URL: roles.collectorUrl,
    FEED_URL: `${url.replace(/^http/, 'ws')}/internal/feed`,
    FEED_TOKEN: secrets.feedToken,
    FEED_SHARDS: String(config.shards),
    FEED_ENV: ENVIRONMENT,
    SPOOL_DIR: spoolDir,
    // The port of the shell's HTTP_PORT is not for it to take.
    HTTP_PORT: '',
  }
}
