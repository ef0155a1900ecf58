import postgres, { type Sql } from 'postgres'
import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import { Sealer } from '../collector/sealer.ts'
import { connectStore } from '../collector/store/connect.ts'
import type { StoredRecord } from '../collector/store/entries.ts'
import { type Hold, takeLease, underLease } from '../collector/store/lease.ts'
import { insertRecords } from '../collector/store/log-rows.ts'
import { MarketIds } from '../collector/store/market-ids.ts'
import { openEpoch } from '../collector/store/open-epoch.ts'
import { dropSealedHours, ensurePartitions, makePartitions } from '../collector/store/partitions.ts'
import { benchDatabase } from './bench-database.ts'
import { type Figure, figure } from './figure.ts'
import { type Traffic, VirtualExchange } from './virtual-exchange.ts'

const START = (Date.UTC(2026, 1, 3, 9) * 1000) as Micros
const HOUR_US = 3_600_000_000
const SEALED_BY_US = 900_000_000
const BATCH = 5000
const MEMORY_BYTES = 64 * 1024 * 1024

type Mix = Traffic & { readonly hours: number }
/** Every market trades alike, once a second. */
const BUSY: Mix = { markets: 300, rate: 300, skew: 0, hours: 1 }
/** Few markets have most of the trading, and most have some thirty to a hundred changes an hour. */
const SKEWED: Mix = { markets: 2000, rate: 150, skew: 1, hours: 2 }

/** Bytes that a delta takes in Postgres once its hour is sealed and dropped, indexes and all, beside those of its plain row. */
export async function benchSize(): Promise<Figure[]> {
  return [
    await measure('stored_bytes_per_delta', BUSY),
    await measure('stored_bytes_per_delta_skewed', SKEWED),
  ]
}

async function measure(name: string, mix: Mix): Promise<Figure> {
  const database = await benchDatabase()
  const owner = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })
  const collector = connectStore(database.collectorUrl)
  try {
    const deltas = await record(collector, mix)
    const plain = await bytesOf(owner, ['book_deltas'])
    const end = (START + mix.hours * HOUR_US + SEALED_BY_US) as Micros
    const { dropped, ...left } = await dropSealedHours(collector, end, 0, 0)
    if (dropped === undefined) throw new Error(`hours were left: ${JSON.stringify(left)}`)
    await owner`vacuum`
    const tables = ['book_deltas', 'book_segments', 'book_gaps', 'sealed_logs']
    return figure(name, 'bytes', (await bytesOf(owner, tables)) / deltas, plain / deltas)
  } finally {
    await collector.end({ timeout: 5 })
    await owner.end({ timeout: 5 })
    await database.stop()
  }
}

/** Records and seals hours of trading; answers how many deltas there were. */
async function record(sql: Sql, mix: Mix): Promise<number> {
  await makePartitions(sql, START)
  await ensurePartitions(sql, START, mix.hours + 1)
  const take = { slice: 0, lease: 'bench', holder: 'bench', nowMs: START / 1000, found: null }
  const hold = await takeLease(sql, take)
  if (hold === 'taken_by_another') throw new Error('somebody else took the lease')
  await openEpoch(sql, hold, START)
  const exchange = new VirtualExchange(START, hold.epoch, mix)
  const ids = new MarketIds(sql)
  await ids.find(hold, exchange.logs.keys(), START)
  const sealer = new Sealer({
    sameStore: async () => {},
    sql,
    hold,
    clock: () => exchange.recv,
    most: MEMORY_BYTES,
    everyMs: 1000,
    through: () => exchange.recv,
    recovered: () => true,
    bookAt: (market) => exchange.logs.get(market)?.image() ?? null,
    suspect: (market) => {
      throw new Error(`${market} could not be sealed`)
    },
    leaseLost: () => {},
  })
  const end = START + mix.hours * HOUR_US
  let deltas = 0
  for (let records = exchange.snapshots(); ; records = exchange.next(BATCH)) {
    const within = records.filter(({ record }) => record.recv < end)
    deltas += within.filter(({ record }) => record.kind === 'delta').length
    await sealer.add(await store(sql, hold, ids, within))
    await sealer.seal(exchange.recv)
    if (exchange.recv >= end) break
  }
  await sealer.seal((end + SEALED_BY_US) as Micros)
  return deltas
}

async function store(
  sql: Sql,
  hold: Hold,
  ids: MarketIds,
  records: readonly MarketRecord[],
): Promise<StoredRecord[]> {
  const stored = records.map(({ market, record }) => ({ marketId: ids.of(market), market, record }))
  await underLease(sql, hold, (tx) => insertRecords(tx, stored))
  return stored
}

/** Bytes of these tables with their partitions, indexes and all. */
async function bytesOf(sql: Sql, tables: readonly string[]): Promise<number> {
  const [row] = await sql`
    select sum(pg_total_relation_size(relid))::float8 as bytes
    from unnest(${tables.map((table) => `kb.${table}`)}::regclass[]) t (relation)
    cross join lateral pg_partition_tree(t.relation)`
  return Number(row?.['bytes'])
}
