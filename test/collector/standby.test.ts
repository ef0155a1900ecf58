import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { DutyState } from '#core/health'
import type { Micros } from '#core/instant'
import { type Collector, type EpochEnd, LeaseLostError } from '../../collector/collector.ts'
import { type CollectorConfig, readCollectorConfig } from '../../collector/config.ts'
import { Duty } from '../../collector/duty.ts'
import { connectStore } from '../../collector/store/connect.ts'
import { type Hold, takeLease } from '../../collector/store/lease.ts'
import { openEpoch } from '../../collector/store/open-epoch.ts'
import { freePort } from '../../local/free-port.ts'
import { spawnPostgres } from '../../local/postgres-process.ts'
import { setRolePasswords } from '../../local/roles.ts'
import { migrate } from '../../migrations/migrate.ts'
import { take } from '../store/fixture.ts'
import { writeBatch } from '../store/write-batch.ts'
import { until } from '../until.ts'

// Real leases in a real Postgres, each time a tenth of what it is in production. What is recorded under them is a watermark
// every few milliseconds.
const TIMES = {
  LEASE_MS: '600',
  LEASE_RENEW_MS: '200',
  LEASE_TAKEOVER_MS: '800',
  LEASE_LOOK_MS: '25',
}
const read = readCollectorConfig({
  KALSHI_WS_URL: 'ws://127.0.0.1:9',
  KALSHI_REST_URL: 'http://127.0.0.1:9',
  KALSHI_KEY_ID: 'none',
  KALSHI_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----',
  COLLECTOR_DATABASE_URL: 'postgres://none',
  FEED_URL: 'ws://127.0.0.1:9',
  FEED_TOKEN: 'no shard listens here',
  FEED_SHARDS: '1',
  FEED_ENV: 'test',
  SPOOL_DIR: 'none',
  ...TIMES,
})
if (!read.ok) throw new Error(read.problems.join('\n'))
const { config } = read
/** Who takes a lease with this did not wait for it to look abandoned, however slow the machine is. */
const AT_ONCE = { LEASE_TAKEOVER_MS: 3_600_000 }
const NAMES = { first: 'first-a1', second: 'second-b2' }

let dir: string
let port: number
let running: Awaited<ReturnType<typeof spawnPostgres>>
let collectorUrl: string
let owner: Sql
const stops: (() => Promise<unknown>)[] = []

const startPostgres = async () => {
  running = await spawnPostgres({ dataDir: join(dir, 'pg'), persistent: true, fsync: false, port })
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kalshibook-standby-'))
  await chmod(dir, 0o755)
  port = await freePort()
  await startPostgres()
  await migrate(running.url)
  collectorUrl = (await setRolePasswords(running.url, dir)).collectorUrl
  owner = connectStore(running.url, 2)
})
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
  await owner`truncate kb.lease, kb.epochs, kb.proof_of_life`
})
afterAll(async () => {
  await owner.end({ timeout: 1 })
  await running.stop()
  await rm(dir, { recursive: true, force: true })
})

type Life = {
  readonly duty: Duty
  readonly states: DutyState[]
  readonly epochs: Hold[]
  /** Ends the epoch that is recorded. */
  readonly end: (end: EpochEnd) => void
  readonly run: Promise<void>
}

/** A collector that records nothing but watermarks. */
function live(
  holder: string,
  openings: ('good' | 'bad')[] = [],
  over: Partial<CollectorConfig> = {},
): Life {
  const sql = connectStore(collectorUrl, 2)
  const leaseSql = connectStore(collectorUrl, 1, { connectMs: 400, silenceMs: 400 })
  const states: DutyState[] = []
  const epochs: Hold[] = []
  let end: (end: EpochEnd) => void = () => {}
  const duty = new Duty({
    config: { ...config, ...over },
    sql: leaseSql,
    holder,
    start: async ({ hold, over }) => {
      if (openings.shift() === 'bad') throw new Error('the exchange does not answer')
      epochs.push(hold)
      end = over
      return recordWatermarks(sql, hold, over)
    },
    changed: (state) => states.push(state),
  })
  const run = duty.run()
  run.catch(() => {})
  stops.push(async () => {
    await duty.stop()
    await Promise.all([sql.end({ timeout: 1 }), leaseSql.end({ timeout: 1 })])
  })
  return { duty, states, epochs, end: (reason) => end(reason), run }
}

async function recordWatermarks(
  sql: Sql,
  hold: Hold,
  over: (end: EpochEnd) => void,
): Promise<Collector> {
  const nowUs = () => (Date.now() * 1000) as Micros
  const opened = await openEpoch(sql, hold, nowUs())
  if (opened === 'lease_lost') throw new LeaseLostError()
  let stopping = false
  const write = async (): Promise<void> => {
    const last = stopping
    const batch = { ...hold, records: [], watermarkUs: nowUs(), alive: [] }
    const outcome = await writeBatch(sql, batch).catch(() => 'away')
    if (outcome === 'lease_lost') return over({ kind: 'lease_lost' })
    if (last) return
    await sleep(10)
    return write()
  }
  const written = write()
  return {
    epoch: hold.epoch,
    status: () => {
      throw new Error('nobody asks')
    },
    checksums: () => ({}),
    aside: () => [],
    stop: async () => {
      stopping = true
      await written
    },
  }
}

const records = ({ duty }: Life) => until('it records', () => duty.state === 'recording')
const standsBy = ({ duty }: Life) => until('it stands by', () => duty.state === 'standby')

/** A lease whose holder died without a word; answers when it was last renewed, ms. */
async function abandonedLease(holder: string): Promise<number> {
  const sql = connectStore(collectorUrl, 1)
  const claim = { slice: 0, lease: 'abandoned', holder, nowMs: Date.now(), found: null }
  expect(await takeLease(sql, claim)).toMatchObject({ lease: 'abandoned' })
  await sql.end()
  return performance.now()
}

async function throughUs(epoch: number): Promise<number> {
  const [row] = await owner`
    select recorded_through_us::text as us from kb.epochs where epoch = ${epoch}`
  return Number(row?.['us'])
}

test('one records and renews its lease, and the other stands by for as long', async () => {
  const first = live(NAMES.first)
  await records(first)
  const second = live(NAMES.second)
  await standsBy(second)
  const [taken] = await owner`select renewed_at from kb.lease`
  await until('three takeovers would have been due', async () => {
    const [row] = await owner`
      select renewed_at > ${taken?.['renewed_at']}::timestamptz + interval '2.4 s' as late from kb.lease`
    return row?.['late'] === true
  })
  expect([first.duty.state, first.duty.lease]).toEqual(['recording', 'held'])
  expect([second.duty.state, second.duty.lease, second.states]).toEqual(['standby', null, []])
})

test('a holder that is stopped commits its last watermark and gives the lease up, and the standby takes it at once', async () => {
  const first = live(NAMES.first)
  await records(first)
  const second = live(NAMES.second, [], AT_ONCE)
  await standsBy(second)
  const stoppedUs = Date.now() * 1000
  await first.duty.stop()
  await first.run
  await records(second)
  const [before, after] = [first.epochs[0]?.epoch ?? 0, second.epochs[0]?.epoch]
  expect(after).toBe(before + 1)
  expect(await throughUs(before)).toBeGreaterThanOrEqual(stoppedUs)
  expect(second.states).toEqual(['opening', 'recording'])
})

test('a lease whose holder died is taken once it was seen unrenewed long enough', async () => {
  const died = await abandonedLease(NAMES.first)
  const second = live(NAMES.second)
  await records(second)
  expect(performance.now() - died).toBeGreaterThanOrEqual(800)
})

test('of two standbys one takes the lease, and the other goes on standing by', async () => {
  await abandonedLease('third-c3')
  const both = [live(NAMES.first), live(NAMES.second)]
  await until('one records', () => both.some(({ duty }) => duty.state === 'recording'))
  const [winner] = both.filter(({ duty }) => duty.state === 'recording')
  const since = await throughUs(winner?.epochs[0]?.epoch ?? 0)
  await until('it goes on', async () => {
    return (await throughUs(winner?.epochs[0]?.epoch ?? 0)) > since + 1_500_000
  })
  expect(both.flatMap(({ epochs }) => epochs)).toHaveLength(1)
  expect(both.map(({ duty }) => duty.state).sort()).toEqual(['recording', 'standby'])
})

test('while Postgres is away the holder does not call its lease lost, and the standby does not count', async () => {
  const first = live(NAMES.first)
  await records(first)
  const second = live(NAMES.second)
  await standsBy(second)
  await running.stop()
  await until('the lease is unknown', () => first.duty.lease === 'unknown')
  await sleep(1000) // Longer than a takeover needs, with Postgres away.
  await startPostgres()
  await until('it is held again', () => first.duty.lease === 'held')
  expect([first.duty.state, first.epochs.length]).toEqual(['recording', 1])
  expect([second.duty.state, second.epochs.length]).toEqual(['standby', 0])
})

test('time in which Postgres was away does not count towards a takeover', async () => {
  await abandonedLease(NAMES.first)
  const second = live(NAMES.second, [], { LEASE_TAKEOVER_MS: 2500 })
  await sleep(800)
  expect(second.duty.state).toBe('standby')
  await running.stop()
  await startPostgres()
  await records(second)
  // By Postgres's own clock: it may be looked at before we hear that it is up.
  const [seen] = await owner`
    select extract(epoch from renewed_at - pg_postmaster_start_time())::float8 as s from kb.lease`
  expect(seen?.['s']).toBeGreaterThanOrEqual(2.49)
})

test('a collector that begins again takes a lease in its own name at once', async () => {
  await abandonedLease(NAMES.first)
  await records(live(NAMES.first, [], AT_ONCE))
})

test('two of one name do not take the lease from each other for ever', async () => {
  const first = live(NAMES.first)
  await records(first)
  const copied = live(NAMES.first)
  await records(copied)
  await standsBy(first)
  const since = await throughUs(copied.epochs[0]?.epoch ?? 0)
  await until('it goes on', async () => {
    return (await throughUs(copied.epochs[0]?.epoch ?? 0)) > since + 1_000_000
  })
  expect([first.epochs.length, copied.epochs.length]).toEqual([1, 1])
})

test('an epoch that is over for another reason is followed by one of the same holder, above what shards have seen', async () => {
  const first = live(NAMES.first)
  await records(first)
  const second = live(NAMES.second)
  await standsBy(second)
  const before = first.epochs[0]?.epoch ?? 0
  first.end({ kind: 'superseded', highest: before + 40 })
  await until('the next epoch', () => first.epochs.length === 2)
  await records(first)
  expect(first.epochs[1]?.epoch).toBe(before + 41)
  expect(first.epochs[1]?.lease).not.toBe(first.epochs[0]?.lease)
  expect(second.states).toEqual([])
})

test('an epoch that is over while another took the lease is followed by none', async () => {
  const first = live(NAMES.first)
  await records(first)
  await owner`update kb.lease set epoch = epoch + 1, lease = 'taken', holder = 'third-c3'`
  first.end({ kind: 'clock_strayed' })
  await standsBy(first)
  expect(first.duty.lease).toBeNull()
  await records(first)
  expect(first.epochs).toHaveLength(2)
  expect(first.states).toEqual(['opening', 'recording', 'standby', 'opening', 'recording'])
})

test('invariant 8: a holder that slept through a takeover finds its lease lost and writes nothing more', async () => {
  const first = live(NAMES.first)
  await records(first)
  const [old] = first.epochs
  const next = await take(owner)
  const through = await throughUs(old?.epoch ?? 0)
  await standsBy(first)
  expect(await throughUs(old?.epoch ?? 0)).toBe(through)
  const [row] = await owner`select lease from kb.lease`
  expect(row?.['lease']).toBe(next.lease)
})

test('a first epoch that cannot be opened is thrown, and the lease is free for another', async () => {
  const first = live(NAMES.first, ['bad'])
  await expect(first.run).rejects.toThrow('the exchange does not answer')
  await records(live(NAMES.second, [], AT_ONCE))
})

test('a later epoch that cannot be opened leaves the lease to a standby', async () => {
  const first = live(NAMES.first, ['good', 'bad'])
  await records(first)
  const second = live(NAMES.second)
  await standsBy(second)
  first.end({ kind: 'unstorable', reason: '22003' })
  await records(second)
  await standsBy(first)
})
