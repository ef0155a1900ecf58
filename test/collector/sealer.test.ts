import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { asOf } from '#core/as-of'
import type { Micros } from '#core/instant'
import type { DeltaRecord } from '#core/log'
import { turnOf } from '#core/sealing'
import { Sealer, type SealerOptions } from '../../collector/sealer.ts'
import type { Hold } from '../../collector/store/lease.ts'
import { makePartitions } from '../../collector/store/partitions.ts'
import { requireSameStore } from '../../collector/store/same-store.ts'
import { SealRecovery } from '../../collector/store/seal-recovery.ts'
import { historyAt } from '../../worker/store/book-history.ts'
import { addMarket, at, NOW, open, openStore, type Store, take } from '../store/fixture.ts'
import { LogMaker } from '../store/log-maker.ts'
import { busyLog, failing, hotSeqs, linked, RAIN, segmentsOf, stored } from '../store/stored-log.ts'
import { until } from '../until.ts'

const HOUR = 3_600_000_000
const DAY = 24 * HOUR
const TURN = turnOf(RAIN)

let store: Store
let hold: Hold
let marketId: number
let told: string[]

beforeAll(async () => {
  store = await openStore()
  await makePartitions(store.collector, NOW)
}, 60_000)

beforeEach(async () => {
  await store.clear()
  told = []
  hold = await take(store.collector)
  await open(store.collector, hold, NOW)
  marketId = await addMarket(store.collector, hold, RAIN)
})

afterAll(() => store.stop())

function sealerWith(over: Partial<SealerOptions> = {}): Sealer {
  return new Sealer({
    sql: store.collector,
    hold,
    clock: () => NOW,
    most: 1_000_000,
    everyMs: 10,
    through: () => Number.MAX_SAFE_INTEGER as Micros,
    sameStore: async () => {},
    recovered: () => true,
    bookAt: () => null,
    suspect: (market, since) => told.push(`${market} ${since - NOW}`),
    leaseLost: () => told.push('lease_lost'),
    ...over,
  })
}

/** A log that is in `book_deltas`. */
async function storedLog(deltas: number): Promise<LogMaker> {
  const log = busyLog(marketId, hold, deltas)
  await log.store(store.collector, at(deltas * 1000))
  return log
}

const segments = () => segmentsOf(store.owner, marketId)
const sealed = async () => (await segments()).flatMap(({ records }) => records)
/** When the market's turn comes in the hour after NOW's. */
const endOfHour = (NOW - (NOW % HOUR) + HOUR + TURN) as Micros

test('nothing is sealed into a store that lacks what was durable: an older one took its place', async () => {
  const log = await storedLog(600)
  const last = stored(marketId, log.records).at(-1) ?? null
  const durable = { through: at(0), last }
  const sealer = sealerWith({
    sameStore: (tx) => requireSameStore(tx, hold, durable, at(600_000)),
  })
  await sealer.add(stored(marketId, log.records))
  await store.owner`delete from kb.book_deltas where seq > ${log.records[500]?.seq ?? 0}`
  await expect(sealer.seal(NOW)).rejects.toMatchObject({ code: 'store_restored' })
  expect(await segments()).toEqual([])
})

test('full runs are sealed at once, the rest in the market’s turn after the hour, each record once', async () => {
  const log = await storedLog(1300)
  const sealer = sealerWith()
  await sealer.add(stored(marketId, log.records.slice(0, 700)))
  await sealer.add(stored(marketId, log.records.slice(600)))
  await sealer.seal(NOW)
  expect(await sealed()).toEqual(log.records.slice(0, 1024))
  await sealer.seal((endOfHour - 1) as Micros)
  expect((await sealed()).length).toBe(1024)
  await sealer.seal(endOfHour)
  expect(await sealed()).toEqual(log.records)
  expect(linked(await segments())).toBe(true)
  expect(sealer.waiting).toBe(0)
  expect(sealer.counts).toEqual({ segments: 3, records: 1301, mismatches: 0 })
  await sealer.seal(endOfHour)
  expect((await segments()).length).toBe(3)
})

test('what an epoch seals goes on where the one before was sealed', async () => {
  const log = await storedLog(600)
  const first = sealerWith()
  await first.add(stored(marketId, log.records))
  await first.seal(NOW)
  hold = await take(store.collector)
  const { logs } = await open(store.collector, hold, at(1_000_000))
  const recovery = new SealRecovery({ sql: store.collector, hold })
  const second = sealerWith({ recovered: (id) => recovery.recovered(id) })
  const gap = logs.get(marketId)?.gap
  const next = new LogMaker(marketId, hold, 1)
  next.snapshot(at(1_100_000), [[500_000, 5]], [], 'epoch')
  await next.store(store.collector, at(1_200_000))
  const records = [...(gap ? [gap] : []), ...next.records]
  await second.add(stored(marketId, records))
  await second.seal(endOfHour)
  expect((await sealed()).length).toBe(512)
  await recovery.run()
  await second.seal(endOfHour)
  expect(await sealed()).toEqual([...log.records, ...records])
  expect(linked(await segments())).toBe(true)
})

test('a write that fails is tried again, whether or not it was done', async () => {
  const log = await storedLog(1300)
  for (const late of [false, true]) {
    const sql = failing(store.collector, 1, 'CONNECTION_CLOSED', late)
    const sealer = sealerWith({ sql })
    await sealer.add(stored(marketId, log.records.slice(0, 600)))
    await expect(sealer.seal(NOW)).rejects.toThrow('made to fail')
    expect(sealer.waiting).toBeGreaterThan(0)
    await sealer.add(stored(marketId, log.records.slice(600)))
    expect(await sealer.seal(endOfHour)).toBe('sealed')
    expect(await sealed()).toEqual(log.records)
    expect(sealer.waiting).toBe(0)
    await store.owner`truncate kb.book_segments, kb.sealed_logs`
  }
})

test('a segment that Postgres will not take costs no other log, and its own begins anew', async () => {
  const log = await storedLog(40)
  const other = await addMarket(store.collector, hold, 'KXRAIN-26NOV22-B')
  const second = busyLog(other, hold, 40)
  const sealer = sealerWith()
  await store.owner`alter table kb.sealed_logs add constraint none check (market_id <> ${store.owner.unsafe(String(marketId))})`
  try {
    await sealer.add(stored(marketId, log.records))
    await sealer.add(second.records.map((record) => ({ marketId: other, market: RAIN, record })))
    expect(await sealer.seal(endOfHour)).toBe('sealed')
  } finally {
    await store.owner`alter table kb.sealed_logs drop constraint none`
  }
  expect(await sealed()).toEqual([])
  expect((await segmentsOf(store.owner, other)).length).toBe(1)
  expect(told).toEqual([`${RAIN} 0`])
  log.gap(at(HOUR), at(HOUR - 5), 'mismatch')
  await sealer.add(stored(marketId, log.records.slice(-1)))
  await sealer.seal((endOfHour + HOUR) as Micros)
  expect(await sealed()).toEqual(log.records.slice(-1))
  const [failure] = await store.owner`select first_seq, last_seq from kb.seal_failures`
  expect([Number(failure?.['first_seq']), Number(failure?.['last_seq'])]).toEqual([
    log.records[0]?.seq,
    log.records.at(-2)?.seq,
  ])
})

test('a run that does not make its book is never written: its rows stay, and the market is suspect', async () => {
  const log = await storedLog(600)
  const wrong = log.records[550] as DeltaRecord
  const records = log.records.with(550, { ...wrong, size: (wrong.size + 1) as never })
  const sealer = sealerWith()
  await sealer.add(stored(marketId, records))
  await sealer.seal(endOfHour)
  expect(await sealed()).toEqual(log.records.slice(0, 512))
  expect((await hotSeqs(store.owner, marketId)).length).toBe(log.records.length)
  expect(sealer.counts.mismatches).toBe(1)
  expect(told).toEqual([`${RAIN} ${511 * 1000}`])
  const [failure] = await store.owner`select first_seq, reason from kb.seal_failures`
  expect(Number(failure?.['first_seq'])).toBe(log.records[512]?.seq)
})

test('a live book that stands at the same record and is another refuses the run', async () => {
  const log = await storedLog(10)
  const last = log.records.at(-1)
  const live = (yes: number) => ({
    seq: last?.seq as never,
    yes: [[500_000, yes]] as never,
    no: [
      [400_000, 700],
      [380_000, log.size('no', 380_000)],
    ] as never,
  })
  const wrong = sealerWith({ bookAt: () => live(log.size('yes', 500_000) + 1) })
  await wrong.add(stored(marketId, log.records))
  await wrong.seal(endOfHour)
  expect(await sealed()).toEqual([])
  expect(told.length).toBe(1)
  const right = sealerWith({ bookAt: () => live(log.size('yes', 500_000)) })
  await right.add(stored(marketId, log.records))
  await right.seal(endOfHour)
  expect(await sealed()).toEqual(log.records)
})

test('a market in which nothing happens has a segment in every day, until its log ends', async () => {
  const log = await storedLog(3)
  const sealer = sealerWith()
  await sealer.add(stored(marketId, log.records))
  await sealer.seal(endOfHour)
  const midnight = NOW - (NOW % DAY)
  await sealer.seal((midnight + DAY + TURN - 1) as Micros)
  expect((await segments()).length).toBe(1)
  for (const day of [1, 2]) await sealer.seal((midnight + day * DAY + TURN) as Micros)
  const rows = await store.owner`
    select first_us, records from kb.book_segments where records = 0 order by first_us`
  expect(rows.map((row) => Number(row['first_us']) - midnight)).toEqual([DAY, 2 * DAY])
  log.end(at(3 * DAY), 'settled')
  await sealer.add(stored(marketId, log.records.slice(-1)))
  await sealer.seal((midnight + 4 * DAY + TURN) as Micros)
  await sealer.seal((midnight + 6 * DAY) as Micros)
  expect((await segments()).length).toBe(1 + 3 + 1)
  expect(linked(await segments())).toBe(true)
})

test('a day’s segment is there for every open log, also when the collector starts in the day’s middle', async () => {
  const log = await storedLog(3)
  hold = await take(store.collector)
  const tomorrow = at(DAY)
  const { logs } = await open(store.collector, hold, tomorrow)
  const recovery = new SealRecovery({ sql: store.collector, hold })
  await recovery.run()
  const sealer = sealerWith({ recovered: (id) => recovery.recovered(id) })
  const gap = logs.get(marketId)?.gap
  await sealer.add(stored(marketId, gap ? [gap] : []))
  await sealer.seal(tomorrow)
  const [first, day] = await segments()
  expect(first?.records).toEqual(log.records)
  expect(day).toMatchObject({ openUs: tomorrow - (tomorrow % DAY), records: [] })
  await sealer.seal((tomorrow + 2 * HOUR) as Micros)
  expect((await sealed()).at(-1)).toEqual(gap)
})

test('what comes to Postgres after midnight, an end too, is what the next day begins with', async () => {
  const midnight = (NOW - (NOW % DAY) + DAY) as Micros
  const log = await storedLog(3)
  let through = (midnight - 3000) as Micros
  const sealer = sealerWith({ through: () => through })
  await sealer.add(stored(marketId, log.records))
  await sealer.seal((midnight + TURN) as Micros)
  expect((await segments()).length).toBe(1)
  const late = log.records.length
  log.delta((midnight - 2000) as Micros, 'yes', 500_000, 777)
  log.end((midnight - 1000) as Micros, 'settled')
  await sealer.add(stored(marketId, log.records.slice(late)))
  through = (midnight + HOUR) as Micros
  await sealer.seal((midnight + HOUR) as Micros)
  expect(await sealed()).toEqual(log.records)
  await log.store(store.collector, through)
  await store.owner`delete from kb.book_deltas`
  const history = await historyAt(store.reader, marketId, { us: (midnight + 1) as Micros })
  expect(asOf(history.opening, history.records, history.gaps)).toMatchObject({
    kind: 'book',
    closed: true,
    seq: log.records.at(-1)?.seq,
  })
  const [state] = await store.owner`select last_seq, state from kb.sealed_logs`
  expect([Number(state?.['last_seq']), state?.['state']]).toEqual([
    log.records.at(-1)?.seq,
    'ended',
  ])
})

test('a day of which nobody knows yet whether it has begun has no segment', async () => {
  const log = await storedLog(3)
  const sealer = sealerWith({ through: () => null })
  await sealer.add(stored(marketId, log.records))
  await sealer.seal((NOW + 3 * DAY) as Micros)
  expect((await segments()).length).toBe(1)
})

test('whoever records waits while its memory is full, and goes on when it is sealed', async () => {
  const log = await storedLog(3000)
  const sealer = sealerWith({ most: 20_000 })
  const steps: string[] = []
  const adding = sealer.add(stored(marketId, log.records)).then(() => steps.push('room'))
  await new Promise((resolve) => setImmediate(resolve))
  steps.push('full')
  sealer.start()
  await adding
  expect(steps).toEqual(['full', 'room'])
  // Runs are sealed before their time while there is little room.
  await until('little waits', () => sealer.waiting <= 15_000)
  await sealer.stop()
  const records = await sealed()
  expect(records).toEqual(log.records.slice(0, records.length))
})

test('nothing is sealed after the lease is lost, and whoever waits is let go', async () => {
  const log = await storedLog(3000)
  await take(store.collector)
  const sealer = sealerWith({ most: 1000 })
  const adding = sealer.add(stored(marketId, log.records))
  sealer.start()
  await adding
  expect(told).toEqual(['lease_lost'])
  await sealer.add(stored(marketId, log.records))
  await sealer.stop()
  expect(await sealed()).toEqual([])
})
