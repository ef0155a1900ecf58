import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Child } from '../../local/child.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { type FreshDatabase, freshDatabase } from '../database.ts'
import { foldStore } from '../store-fold.ts'
import { until } from '../until.ts'

const TOKEN = 'the-admin-token-of-tests'
const MARKETS = 12
/** Processes start and end, on a machine that may have much else to do. */
const SLOW = { timeout: 60_000 }
const TIMES = {
  LEASE_MS: '900',
  LEASE_RENEW_MS: '300',
  LEASE_TAKEOVER_MS: '1200',
  LEASE_LOOK_MS: '25',
  RECOVERY_MS: '300',
}

let dir: string
let database: FreshDatabase
let exchange: Exchange
let owner: Sql
const running = new Map<string, Running>()

/** A collector's process, and what it last said of itself. */
class Running {
  readonly child: Child
  state = 'unknown'
  port = 0
  known = 0

  constructor(name: string) {
    this.child = new Child({
      name,
      program: 'collector/main.ts',
      logFile: join(dir, `${name}.log`),
      env: {
        KALSHI_WS_URL: exchange.wsUrl,
        KALSHI_REST_URL: exchange.restUrl,
        KALSHI_KEY_ID: exchange.keyId,
        KALSHI_PRIVATE_KEY: exchange.privateKeyPem,
        COLLECTOR_DATABASE_URL: database.collectorUrl,
        FEED_URL: 'ws://127.0.0.1:9/internal/feed',
        FEED_TOKEN: 'no shard listens here',
        FEED_SHARDS: '1',
        FEED_ENV: 'test',
        SPOOL_DIR: join(dir, name),
        HTTP_PORT: '0',
        ADMIN_TOKEN: TOKEN,
        ...TIMES,
      },
    })
    this.child.on((message) => {
      const word = message as { state?: string; port?: number; status?: { known: number } }
      this.state = word.state ?? this.state
      this.port = word.port ?? this.port
      this.known = word.status?.known ?? this.known
    })
    running.set(name, this)
  }

  async is(state: string): Promise<void> {
    await until(`${this.child.name} is ${state}`, () => this.state === state)
  }

  async ask(path: string): Promise<{ status: number; text: string }> {
    const headers = { authorization: `Bearer ${TOKEN}` }
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers })
    return { status: response.status, text: await response.text() }
  }
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kalshibook-hand-over-'))
  database = await freshDatabase()
  exchange = await startExchange({ markets: MARKETS, rate: 300, seed: 17 })
  owner = postgres(database.ownerUrl, { max: 2, onnotice: () => {} })
  exchange.start()
})
afterAll(async () => {
  for (const { child } of running.values()) {
    child.kill('SIGCONT')
    await child.stop()
  }
  await owner?.end({ timeout: 1 })
  await exchange?.close()
  await database?.stop()
  await rm(dir, { recursive: true, force: true })
})

async function leaseEpoch(): Promise<number> {
  const [row] = await owner`select epoch::int as epoch from kb.lease`
  return row?.['epoch']
}

/** What the exchange holds is what the store holds, once all of it is durable. */
async function sameBooks(): Promise<void> {
  exchange.pause()
  const quietUs = Date.now() * 1000 + 200_000
  await until('everything is durable', async () => {
    const [row] = await owner`
      select recorded_through_us > ${quietUs} as durable,
        (select count(*)::int from kb.book_gaps where to_us is null) as open
      from kb.epochs order by epoch desc limit 1`
    return row?.['durable'] === true && row['open'] === 0
  })
  const truth = [...exchange.books()].map(([market, { yes, no }]) => [market, { yes, no }] as const)
  expect(await foldStore(owner)).toEqual(new Map(truth))
  exchange.start()
}

test('one records, the other waits; both are healthy and say what they do', SLOW, async () => {
  const first = new Running('first')
  await first.child.ready()
  const second = new Running('second')
  await second.is('standby')
  await until('every book is known', () => first.known === MARKETS)
  const told = await Promise.all([first, second].map((one) => one.ask('/healthz')))
  expect(told.map(({ status }) => status)).toEqual([200, 200])
  expect(told.map(({ text }) => JSON.parse(text))).toMatchObject([
    { status: 'healthy', state: 'recording', lease: 'held', collector: { markets: MARKETS } },
    { status: 'healthy', state: 'standby', lease: null, collector: null },
  ])
  const { text } = await first.ask('/metrics')
  expect(text).toContain('kalshibook_state{state="recording"} 1')
  expect(text).toContain('kalshibook_lease{lease="held"} 1')
  expect(text).toContain(`kalshibook_markets ${MARKETS}`)
  await sameBooks()
})

test(
  'SIGTERM hands over: the other records at once, and what nobody saw is shorter than a handshake may take',
  SLOW,
  async () => {
    const [first, second] = [running.get('first'), running.get('second')]
    first?.child.kill('SIGTERM')
    expect(await first?.child.ended).toBe(0)
    await second?.is('recording')
    await sameBooks()
    const gaps = await owner`
    select (to_us - from_us)::int as us from kb.book_gaps where cause = 'epoch'`
    expect(gaps).toHaveLength(MARKETS)
    for (const gap of gaps) expect(gap['us']).toBeLessThan(2_000_000)
  },
)

test('after a kill -9 the other takes over within 15 s', SLOW, async () => {
  const first = new Running('first')
  await first.is('standby')
  const before = await leaseEpoch()
  const killed = performance.now()
  running.get('second')?.child.kill('SIGKILL')
  await first.is('recording')
  expect(performance.now() - killed).toBeLessThan(15_000)
  expect(await leaseEpoch()).toBe(before + 1)
  await sameBooks()
})

test(
  'a collector that was killed and comes back at once takes its own lease without waiting for it to look abandoned',
  SLOW,
  async () => {
    const before = await leaseEpoch()
    const first = running.get('first')
    first?.child.kill('SIGKILL')
    await first?.child.ended
    const second = new Running('first')
    await second.child.ready()
    expect(await leaseEpoch()).toBe(before + 1)
    await sameBooks()
  },
)

test(
  'invariant 8: a paused collector that wakes up after a takeover finds its lease lost, writes nothing and stands by',
  SLOW,
  async () => {
    const first = running.get('first')
    const epoch = await leaseEpoch()
    first?.child.kill('SIGSTOP')
    const second = new Running('second')
    await second.is('recording')
    const rows = async () => {
      const [row] = await owner`
      select (select recorded_through_us::text from kb.epochs where epoch = ${epoch}) as through,
        (select count(*)::int from kb.book_deltas where seq / 4294967296 = ${epoch}) as records`
      return row
    }
    const before = await rows()
    first?.child.kill('SIGCONT')
    await first?.is('standby')
    expect(await rows()).toEqual(before)
    expect(await leaseEpoch()).toBe(epoch + 1)
    expect(JSON.parse((await first?.ask('/healthz'))?.text ?? '')).toMatchObject({
      status: 'healthy',
      state: 'standby',
    })
    await sameBooks()
  },
)

test(
  'Postgres away is no reason to be unhealthy, nor to go on when told to stop',
  SLOW,
  async () => {
    const second = running.get('second')
    await second?.is('recording')
    await database.stop()
    const health = async () => {
      const told = await second?.ask('/healthz')
      return { status: told?.status, lease: JSON.parse(told?.text ?? '{}').lease }
    }
    await until('the lease is unknown', async () => (await health()).lease === 'unknown')
    expect(await health()).toEqual({ status: 200, lease: 'unknown' })
    expect(second?.state).toBe('recording')
    second?.child.kill('SIGTERM')
    expect(await second?.child.ended).toBe(0)
  },
)
