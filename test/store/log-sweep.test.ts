import * as fc from 'fast-check'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type BookRecord, epochOf } from '#core/log'
import { foldRecords } from '#core/segment-fold'
import { openingsAt } from '../../worker/store/log-openings.ts'
import {
  type LoggedRecord,
  type LogPosition,
  type LogRange,
  type SweptMarket,
  sweepLog,
} from '../../worker/store/log-sweep.ts'
import { must, price, us } from '../core/arbitraries.ts'
import { happeningsWithEnds, type Written, write } from '../core/random-log.ts'
import { addMarket, openStore, type Store, take } from './fixture.ts'
import { dropHot, type Run, runsOf, segmentsOf, storeHot, storeSegments } from './sealed-log.ts'

/** One µs of the random logs, in µs: so that a log lasts an instant, hours, or many days. */
const PACES = [1, 600_000_000, 20_000_000_000]

let store: Store
let markets = 0

beforeAll(async () => {
  store = await openStore()
})

afterAll(() => store.stop())

type Plan = {
  readonly cuts: readonly number[]
  /** How many of the last runs of each epoch are not sealed, or were sealed late. */
  readonly tails: readonly number[]
  readonly lates: readonly boolean[]
  /** Of so many hundredths of the sealed runs the hot rows were dropped. */
  readonly dropped: number
}

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  cuts: fc.array(fc.nat(60), { maxLength: 8 }),
  tails: fc.array(fc.nat(2), { minLength: 12, maxLength: 12 }),
  lates: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  dropped: fc.nat(100),
})
const anyLogs = fc.array(fc.tuple(happeningsWithEnds, anyPlan), { minLength: 2, maxLength: 4 })

function paced(written: readonly Written[], pace: number): BookRecord[] {
  const start = written[0]?.record.recv ?? 0
  const move = (at: number) => us(start + (at - start) * pace)
  return written.map(({ record }) => {
    const moved = { ...record, recv: move(record.recv) }
    if (moved.kind === 'gap') return { ...moved, from: move(moved.from) }
    return { ...moved, event: moved.event && us(moved.recv - 7) } as BookRecord
  })
}

function planned(records: readonly BookRecord[], plan: Plan): (Run & { hot: boolean })[] {
  const runs = runsOf(records, new Set(plan.cuts))
  const epochs = [...new Set(records.map((record) => epochOf(record.seq)))]
  return runs.map((run, i) => {
    const epoch = epochOf(must(run[0]).seq)
    const which = epochs.indexOf(epoch)
    const after = runs.slice(i + 1).filter((each) => epochOf(must(each[0]).seq) === epoch).length
    const last = after < (plan.tails[which] ?? 0)
    const next = runs.slice(i).find((each) => epochOf(must(each[0]).seq) !== epoch)
    const late = last && next?.[0]?.kind === 'gap' && (plan.lates[which] ?? false)
    const sealed = !last || late
    return { records: run, sealed, late, hot: !sealed || i * 100 >= runs.length * plan.dropped }
  })
}

async function newMarket(): Promise<SweptMarket> {
  markets += 1
  const ticker = `KXSWEEP-26NOV22-${String((markets * 7919) % 10_000).padStart(4, '0')}`
  const hold = await take(store.collector)
  return { id: await addMarket(store.collector, hold, ticker), ticker }
}

async function setWatermark(through: number): Promise<void> {
  await store.owner`delete from kb.epochs`
  await store.owner`
    insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
    values (0, 1, 'lease', 0, ${through})`
}

type Told = Pick<LoggedRecord, 'market' | 'record'>

function expectSame(found: readonly Told[], right: readonly Told[]): void {
  const name = ({ market, record }: Told) => `${market.ticker} ${record.recv} ${record.seq}`
  expect(found.map(name)).toEqual(right.map(name))
  expect(found).toEqual(right)
}

function compare(a: Told, b: Told): number {
  if (a.record.recv !== b.record.recv) return a.record.recv - b.record.recv
  if (a.market.ticker !== b.market.ticker) return a.market.ticker < b.market.ticker ? -1 : 1
  return a.record.seq - b.record.seq
}

/** All rows of a reading; after `stop` rows it is left and begun anew where it stood. */
async function read(sql: Sql, range: LogRange, stop = Number.POSITIVE_INFINITY): Promise<Told[]> {
  const rows: Told[] = []
  let after: LogPosition | undefined = range.after
  for (let again = true; again; ) {
    again = false
    let seen = 0
    for await (const step of sweepLog(sql, after === undefined ? range : { ...range, after })) {
      rows.push(...step.rows.map(({ market, record }) => ({ market, record })))
      seen += step.rows.length
      if (seen < stop || step.next === null) continue
      after = step.next
      again = true
      break
    }
  }
  return rows
}

test('the logs of several markets are one list in the order (recv, ticker, seq), either way, however they are stored', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyLogs,
      fc.constantFrom(...PACES),
      fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      async (logs, pace, picks, most) => {
        const all: Told[] = []
        const swept: SweptMarket[] = []
        for (const [happenings, plan] of logs) {
          const market = await newMarket()
          const records = paced(write(happenings), pace)
          const runs = planned(records, plan)
          for (const run of runs) if (run.hot) await storeHot(store.owner, market.id, run.records)
          await storeSegments(store.owner, market.id, segmentsOf(runs))
          all.push(...records.map((record) => ({ market, record })))
          swept.push(market)
        }
        all.sort(compare)
        const recvs = all.map(({ record }) => record.recv)
        const through = must(recvs[(picks[3] ?? 0) % recvs.length])
        await setWatermark(through + (most % 2) * 1e15)
        const known = all.filter(({ record }) => most % 2 === 1 || record.recv <= through)
        const base = { markets: swept, most } as const
        expectSame(await read(store.reader, { ...base, order: 'asc' }), known)
        expectSame(await read(store.reader, { ...base, order: 'desc' }, 5), [...known].reverse())
        expectSame(await read(store.reader, { ...base, order: 'asc' }, 3), known)
        const [one = us(0), two = us(0)] = picks.map((pick) => must(recvs[pick % recvs.length]))
        const span = { fromUs: us(Math.min(one, two)), toUs: us(Math.max(one, two)) }
        const inside = known.filter(
          ({ record }) => record.recv >= span.fromUs && record.recv < span.toUs,
        )
        expectSame(await read(store.reader, { ...base, ...span, order: 'asc' }), inside)
        expectSame(
          await read(store.reader, { ...base, ...span, order: 'desc' }, 4),
          [...inside].reverse(),
        )
        const from = must(all[(picks[2] ?? 0) % all.length])
        const after = { recvUs: from.record.recv, ticker: from.market.ticker, seq: from.record.seq }
        expectSame(
          await read(store.reader, { ...base, after, order: 'asc' }),
          known.filter((row) => compare(row, from) > 0),
        )
        expectSame(
          await read(store.reader, { ...base, after, order: 'desc' }),
          known.filter((row) => compare(row, from) < 0).reverse(),
        )
        const openings = await openingsAt(store.reader, swept, after, us(0))
        for (const market of swept) {
          const before = all.filter((row) => row.market === market && compare(row, from) <= 0)
          const records = before.map(({ record }) => record)
          expect(openings.get(market.id)).toEqual(foldRecords({ kind: 'new' }, records))
        }
      },
    ),
    { numRuns: 40, endOnFailure: true },
  )
})

const SECOND = 1_000_000

/** A log of one snapshot and many deltas, a second apart, stored hot. */
async function hotLog(deltas: number): Promise<{ market: SweptMarket; records: BookRecord[] }> {
  const happenings = Array.from({ length: deltas }, (_, i) => ({
    kind: 'delta' as const,
    later: 1,
    side: 'yes' as const,
    price: price(10_000 * (1 + (i % 5))),
    change: 100 + i,
  }))
  const first = { kind: 'snapshot' as const, later: 0, ladders: { yes: [], no: [] } }
  const records = paced(write([first, ...happenings]), SECOND)
  const market = await newMarket()
  await storeHot(store.owner, market.id, records)
  await setWatermark(must(records.at(-1)).recv)
  return { market, records }
}

function sealed(records: readonly BookRecord[], from: number, every: number) {
  const cuts = new Set(records.map((_, i) => i).filter((i) => i >= from && i % every === 0))
  const runs = runsOf(records, cuts)
  return segmentsOf(runs.map((run) => ({ records: run, sealed: true, late: false })))
}

test.each(['asc', 'desc'] as const)(
  'a reading, %s, that is put aside until all it saw hot is sealed and dropped goes on where it was',
  async (order) => {
    const { market, records } = await hotLog(400)
    const now = vi.spyOn(Date, 'now')
    try {
      const range = { markets: [market], order, most: 100 } as const
      const rows: number[] = []
      let steps = 0
      for await (const step of sweepLog(store.reader, range)) {
        rows.push(...step.rows.map(({ record }) => record.seq))
        steps += 1
        if (steps !== 2) continue
        await storeSegments(store.owner, market.id, sealed(records, 0, 40))
        await dropHot(store.owner, market.id, must(records.at(-1)).seq)
        now.mockReturnValue(Date.now() + 301_000)
      }
      const seqs = records.map(({ seq }) => seq)
      expect(rows).toEqual(order === 'asc' ? seqs : seqs.toReversed())
      expect(steps).toBeGreaterThan(3)
    } finally {
      now.mockRestore()
    }
  },
)

test('what is no longer kept is passed over from the beginning, and never dropped unsaid under a reading', async () => {
  const { market, records } = await hotLog(200)
  await storeSegments(store.owner, market.id, sealed(records, 0, 10))
  await dropHot(store.owner, market.id, must(records.at(-1)).seq)
  const range = { markets: [market], order: 'asc', most: 20 } as const
  const reading = sweepLog(store.reader, range)
  await reading.next()
  const day = 86_400 * SECOND
  const kept = Math.ceil(must(records.at(-1)).recv / day) * day
  await store.owner`insert into kb.retention (kind, kept_from_us) values ('segments', ${kept})`
  try {
    await expect(reading.next()).rejects.toMatchObject({ code: 'log_dropped' })
    expect(await read(store.reader, range)).toEqual([])
  } finally {
    await store.owner`delete from kb.retention`
  }
})
