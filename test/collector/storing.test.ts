import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Entry } from '#core/entry'
import { Metrics } from '../../collector/metrics.ts'
import type { Spool } from '../../collector/spool/spool.ts'
import type { Hold } from '../../collector/store/lease.ts'
import { MarketIds } from '../../collector/store/market-ids.ts'
import { makePartitions } from '../../collector/store/partitions.ts'
import { Storing, type StoringOptions } from '../../collector/storing.ts'
import { addMarket, at, NOW, open, openStore, type Store, take } from '../store/fixture.ts'
import { busyLog, hotSeqs, RAIN } from '../store/stored-log.ts'
import { until } from '../until.ts'
import { emptyFolder, openedSpool } from './spool-fixture.ts'

let store: Store

beforeAll(async () => {
  store = await openStore()
  await makePartitions(store.collector, NOW)
}, 60_000)

afterAll(() => store.stop())

function storingIn(spool: Spool, hold: Hold, config: Partial<StoringOptions['config']>): Storing {
  return new Storing({
    config: {
      SEAL_MAX_BYTES: 1000,
      SEAL_EVERY_MS: 10,
      RECORD_BATCH: 100,
      RECORD_EVERY_MS: 0,
      PARTITIONS_EVERY_MS: 60_000,
      RETAIN_SEGMENT_DAYS: 0,
      RETAIN_TRADE_DAYS: 0,
      RETAIN_QUOTE_DAYS: 0,
      ...config,
    },
    sql: store.collector,
    hold,
    spool,
    ids: new MarketIds(store.collector),
    clock: () => at(2_000_000),
    metrics: new Metrics(),
    bookAt: () => null,
    suspect: () => {},
    over: () => {},
  })
}

test('it rests, all that is spooled in Postgres, also while nothing can be sealed and its memory is full', async () => {
  const hold = await take(store.collector)
  await open(store.collector, hold, NOW)
  const marketId = await addMarket(store.collector, hold, RAIN)
  const log = busyLog(marketId, hold, 900)
  const { spool } = await openedSpool(await emptyFolder())
  const storing = storingIn(spool, hold, {})
  const entries = log.records.map((record): Entry => ({ kind: 'record', market: RAIN, record }))
  const { stopped } = await store.owner.begin(async (tx) => {
    // Nothing is sealed as long as somebody holds the table that says how far logs are sealed.
    await tx`lock table kb.sealed_logs in access exclusive mode`
    storing.start([])
    spool.append(entries.slice(0, 100))
    await until('its memory is full', () => storing.stored > 0)
    spool.append(entries.slice(100))
    await spool.flush()
    const stopped = storing.stop('drained')
    await until('all is recorded', async () => {
      return (await hotSeqs(store.owner, marketId)).length === entries.length
    })
    return { stopped }
  })
  await stopped
  expect(storing.stored).toBe(entries.length)
})

test('it makes partitions ahead, and drops the days that it is not to keep', async () => {
  const hold = await take(store.collector)
  await open(store.collector, hold, NOW)
  const days = async () => {
    const rows = await store.owner`
      select relname from pg_class where relname ~ '^trades_\\d{8}$' order by relname`
    return rows.map((row) => String(row['relname']))
  }
  const old = Date.UTC(2026, 1, 3)
  await store.owner`select kb.make_trade_partitions(${old * 1000}::int8, 2)`
  const tomorrow = (await days()).at(-1) ?? ''
  await store.owner.unsafe(`drop table kb.${tomorrow}`)
  const { spool } = await openedSpool(await emptyFolder())
  const RETAIN_TRADE_DAYS = Math.floor((Date.now() - old) / 86_400_000) - 10
  const storing = storingIn(spool, hold, { PARTITIONS_EVERY_MS: 20, RETAIN_TRADE_DAYS })
  storing.start([])
  await until('the old days are gone', async () => !(await days()).includes('trades_20260204'))
  await storing.stop('drained')
  expect((await days())[0] ?? '').not.toMatch(/^trades_202602/)
  expect(await days()).toContain(tomorrow)
})
