import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import postgres from 'postgres'
import { makeApiKey } from '#core/api-key'
import { connectStore } from '../collector/store/connect.ts'
import { takeLease } from '../collector/store/lease.ts'
import { Child } from '../local/child.ts'
import { seedDevelopmentKey, UNLIMITED } from '../local/development-key.ts'
import { freePort } from '../local/free-port.ts'
import { type BenchDatabase, benchDatabase } from './bench-database.ts'
import { storeMarkets } from './fanout-markets.ts'

const ENVIRONMENT = 'bench'
/** As wrangler.toml has it for production. */
const SHARDS = '8'

/** How the feed is to send: of markets from number `first` on in turn, records a second, null for as many as are taken; to us, to the bare broadcast, or both. */
export type FeedRun = {
  readonly first: number
  readonly markets: number
  readonly rate: number | null
  readonly ms: number
  readonly ours: boolean
  readonly bare: boolean
}

/** The real Worker on a real Postgres, a feed of made-up records, a bare broadcast and client processes. */
export class FanoutRig {
  readonly url: string
  readonly broadcastUrl: string
  readonly headers: Record<string, string>
  readonly feed: Child
  readonly clients: readonly Child[]
  readonly #database: BenchDatabase
  readonly #children: readonly Child[]

  private constructor(parts: {
    url: string
    broadcastUrl: string
    apiKey: string
    feed: Child
    clients: readonly Child[]
    database: BenchDatabase
    children: readonly Child[]
  }) {
    this.url = parts.url
    this.broadcastUrl = parts.broadcastUrl
    this.headers = { authorization: `Bearer ${parts.apiKey}` }
    this.feed = parts.feed
    this.clients = parts.clients
    this.#database = parts.database
    this.#children = parts.children
  }

  /**
   * Starts everything, with so many markets and client processes. Nothing is sent yet.
   * Throws when something does not start; then nothing is left running.
   */
  static async open(markets: number, clientProcesses: number): Promise<FanoutRig> {
    const database = await benchDatabase()
    const children: Child[] = []
    const launch = async (name: string, program: string, env: Record<string, string> = {}) => {
      const logFile = join(database.dir, `${name}.log`)
      const child = new Child({ name, program, env, logFile })
      children.push(child)
      return { child, said: await child.ready() }
    }
    try {
      const secret = () => randomBytes(32).toString('base64url')
      const [apiKey, pepper, feedToken] = [makeApiKey(randomBytes(128)), secret(), secret()]
      const owner = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })
      await storeMarkets(owner, markets).finally(() => owner.end())
      await seedDevelopmentKey(database.ownerUrl, apiKey, pepper, UNLIMITED)
      const hold = await heldLease(database.collectorUrl)
      const feedNames = { FEED_ENV: ENVIRONMENT, FEED_SHARDS: SHARDS, FEED_TOKEN: feedToken }
      const worker = await launch('worker', 'local/worker-main.ts', {
        ...feedNames,
        HTTP_PORT: String(await freePort()),
        STATE_DIR: join(database.dir, 'worker'),
        READER_DATABASE_URL: database.readerUrl,
        ACCOUNT_DATABASE_URL: database.accountUrl,
        KEY_PEPPER_V1: pepper,
        CURSOR_SECRET_V1: secret(),
        SESSION_SECRET_V1: secret(),
      })
      const url = String(worker.said['url']).replace(/^http/, 'ws')
      const broadcast = await launch('broadcast', 'bench/broadcast.ts')
      const broadcastUrl = String(broadcast.said['url'])
      const feed = await launch('feed', 'bench/fanout-feed.ts', {
        ...feedNames,
        FEED_URL: `${url}/internal/feed/`,
        EPOCH: String(hold.epoch),
        LEASE: hold.lease,
        MARKETS: String(markets),
        BROADCAST_URL: broadcastUrl,
      })
      const clients: Child[] = []
      const forward = progress(clients, feed.child)
      for (let n = 0; n < clientProcesses; n += 1) {
        clients.push((await launch(`clients-${n}`, 'bench/fanout-clients.ts')).child)
      }
      for (const each of clients) forward(each)
      return new FanoutRig({
        ...{ url, broadcastUrl, apiKey, feed: feed.child, clients, database, children },
      })
    } catch (error) {
      for (const child of children.reverse()) await child.stop()
      await database.stop()
      throw error
    }
  }

  /** Has the feed send. @returns records that it sent */
  async send(run: FeedRun): Promise<number> {
    return Number((await this.feed.ask('run', run))['records'])
  }

  /** Starts a process of ours that belongs to the rig. @returns once it is ready */
  async launch(name: string, program: string, env: Record<string, string>): Promise<Child> {
    const logFile = join(this.#database.dir, `${name}.log`)
    const child = new Child({ name, program, env, logFile })
    ;(this.#children as Child[]).push(child)
    await child.ready()
    return child
  }

  async stop(): Promise<void> {
    for (const child of [...this.#children].reverse()) await child.stop()
    await this.#database.stop()
  }
}

async function heldLease(collectorUrl: string) {
  const store = connectStore(collectorUrl)
  try {
    const lease = randomBytes(16).toString('hex')
    const found = { found: null, holder: 'bench', nowMs: Date.now() }
    const hold = await takeLease(store, { slice: 0, lease, ...found })
    if (hold === 'taken_by_another') throw new Error('a new database has a lease')
    return hold
  } finally {
    await store.end({ timeout: 5 })
  }
}

/** Tells the feed up to which seq the subscribers of all processes have everything. */
function progress(clients: readonly Child[], feed: Child) {
  const at = new Map<Child, number>()
  return (client: Child) =>
    client.on((message) => {
      const word = message as { type?: unknown; seq?: number }
      if (word.type !== 'at' || word.seq === undefined) return
      at.set(client, word.seq)
      if (at.size === clients.length) feed.tell('taken', { seq: Math.min(...at.values()) })
    })
}
