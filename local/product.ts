import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { migrate } from '../migrations/migrate.ts'
import { Child } from './child.ts'
import type { LocalConfig } from './config.ts'
import { dataFolder } from './data-folder.ts'
import { seedDevelopmentKey } from './development-key.ts'
import { type KeptSecrets, keptSecrets } from './kept-secrets.ts'
import { spawnPostgres } from './postgres-process.ts'
import { type RoleUrls, setRolePasswords } from './roles.ts'

const ENVIRONMENT = 'local'
const READY_MS = 60_000
const PROBE_MS = 25

/** The whole product on this machine, running. */
export type Product = {
  readonly url: string
  readonly apiKey: string
  /** The owner's address of its database. */
  readonly databaseUrl: string
  readonly worker: Child
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
}

/**
 * Starts Postgres, migrations, exchange, Worker and collector, in this order.
 * @returns once the first call can be made
 * Throws when one of them does not start; then nothing is left running.
 */
export async function startProduct(
  config: LocalConfig,
  overrides: Overrides = {},
): Promise<Product> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  try {
    return await start(config, overrides, stops, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  config: LocalConfig,
  overrides: Overrides,
  stops: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Product> {
  const folder = await dataFolder(config.dataDir, config.fresh)
  const secrets = await keptSecrets(folder.root)
  const ended = Promise.withResolvers<string>()
  const logFile = (name: string) => join(folder.log, `${name}.log`)
  const launch = (name: string, program: string, args: string[], env: Record<string, string>) => {
    const child = new Child({ name, program, args, env, logFile: logFile(name) })
    let told = false
    stops.push(() => {
      told = true
      return child.stop()
    })
    void child.ended.then(() => told || ended.resolve(name))
    return child
  }

  const postgres =
    config.databaseUrl === null ? await embeddedPostgres(folder.postgres, ended) : null
  const stopPostgres = async () => postgres?.stop()
  stops.push(stopPostgres)
  const databaseUrl = config.databaseUrl ?? String(postgres?.url)
  await migrate(databaseUrl)
  const roles = await setRolePasswords(databaseUrl, folder.root)
  await seedDevelopmentKey(databaseUrl, secrets.apiKey, secrets.keyPepper)
  const kalshi = await exchangeVariables(config, (args) =>
    launch('exchange', 'simulator/main.ts', args, {}),
  )
  const worker = launch(
    'worker',
    'local/worker-main.ts',
    [],
    workerVariables(config, folder.worker, roles, secrets, overrides),
  )
  const url = String((await worker.ready())['url'])
  const variables = collectorVariables(config, url, roles, secrets)
  let collector: Child
  const startCollector = async () => {
    collector = launch('collector', 'collector/main.ts', [], {
      ...variables,
      ...kalshi,
      ...overrides.collector,
    })
    await collector.ready()
    return collector
  }
  collector = await startCollector()
  await firstBooks(collector)
  return {
    url,
    apiKey: secrets.apiKey,
    databaseUrl,
    worker,
    collector: () => collector,
    startCollector,
    stopPostgres,
    ended: ended.promise,
    stop,
  }
}

async function embeddedPostgres(dataDir: string, ended: PromiseWithResolvers<string>) {
  const { url, ended: gone, stop } = await spawnPostgres({ dataDir, persistent: true })
  let told = false
  void gone.then(() => told || ended.resolve('postgres'))
  return {
    url,
    stop: () => {
      told = true
      return stop()
    },
  }
}

async function exchangeVariables(
  { exchange }: LocalConfig,
  simulate: (args: string[]) => Child,
): Promise<Record<string, string>> {
  if (exchange.kind === 'given') return { ...exchange.env }
  const word = await simulate([...exchange.args]).ready()
  return {
    KALSHI_WS_URL: String(word['wsUrl']),
    KALSHI_REST_URL: String(word['restUrl']),
    KALSHI_KEY_ID: String(word['keyId']),
    KALSHI_PRIVATE_KEY: String(word['privateKeyPem']),
  }
}

function workerVariables(
  config: LocalConfig,
  stateDir: string,
  roles: RoleUrls,
  secrets: KeptSecrets,
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
    ...overrides.worker,
  }
}

function collectorVariables(
  config: LocalConfig,
  url: string,
  roles: RoleUrls,
  secrets: KeptSecrets,
): Record<string, string> {
  return {
    COLLECTOR_DATABASE_URL: roles.collectorUrl,
    FEED_URL: `${url.replace(/^http/, 'ws')}/internal/feed`,
    FEED_TOKEN: secrets.feedToken,
    FEED_SHARDS: String(config.shards),
    FEED_ENV: ENVIRONMENT,
  }
}

/** Waits until the collector knows every book and every shard has greeted it, or it has long enough tried. */
async function firstBooks(collector: Child): Promise<void> {
  let settled = false
  collector.on((message) => {
    const { status } = message as { status?: Record<string, number> }
    if (status) settled ||= status['known'] === status['markets'] && (status['shards'] ?? 0) > 0
  })
  for (let waited = 0; !settled && waited < READY_MS; waited += PROBE_MS) await sleep(PROBE_MS)
}
