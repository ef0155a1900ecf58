import { deflateRawSync } from 'node:zlib'
import * as fc from 'fast-check'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AsOf, asOf } from '#core/as-of'
import { type BookRecord, epochOf, type Gap } from '#core/log'
import { askBy } from '../../worker/store/ask.ts'
import { historyAt } from '../../worker/store/book-history.ts'
import { listRecords, type RecordRange } from '../../worker/store/deltas.ts'
import { readLogSpan } from '../../worker/store/log-span.ts'
import { must, price, seq, us } from '../core/arbitraries.ts'
import type { PlainBook } from '../core/plain-book.ts'
import { gapsOf, happeningsWithEnds, plainOf, type Written, write } from '../core/random-log.ts'
import { addMarket, openStore, type Store, take } from './fixture.ts'
import { dropHot, type Run, runsOf, segmentsOf, storeHot, storeSegments } from './sealed-log.ts'

const DAY = 86_400_000_000
/** One µs of the random logs, in µs: so that a log lasts an instant, hours, or many days. */
const PACES = [1, 600_000_000, 20_000_000_000]

/** A snapshot, then 60 deltas, of which each is an instant of its own. */
const BUSY = write([
  { kind: 'snapshot', later: 0, ladders: { yes: [], no: [] } },
  ...Array.from({ length: 60 }, (_, i) => ({
    kind: 'delta' as const,
    later: 1,
    side: 'yes' as const,
    price: price(10_000 * (1 + (i % 5))),
    change: 100 + i,
  })),
])

let store: Store
let markets = 0

beforeAll(async () => {
  store = await openStore()
  // Later days fall into the default partition.
  await store.owner`select kb.make_segment_partitions(${must(BUSY[0]).record.recv}, 4)`
})

afterAll(() => store.stop())

type Plan = {
  readonly pace: number
  readonly cuts: readonly number[]
  /** Of each epoch, how many of its last runs are not sealed, or were late. */
  readonly tails: readonly number[]
  /** Of each epoch, whether its last runs came late and were sealed then. */
  readonly lates: readonly boolean[]
  /** Up to which part of the sealed log hot rows were dropped. */
  readonly dropped: number
}

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  pace: fc.constantFrom(...PACES),
  cuts: fc.array(fc.nat(60), { maxLength: 8 }),
  tails: fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }),
  lates: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  dropped: fc.nat(100),
})

/** The same log at another pace. */
function paced(written: readonly Written[], pace: number): Written[] {
  const start = written[0]?.record.recv ?? 0
  const move = (at: number) => us(start + (at - start) * pace)
  return written.map(({ record, ...rest }) => {
    const moved = { ...record, recv: move(record.recv) }
    if (moved.kind === 'gap') return { record: { ...moved, from: move(moved.from) }, ...rest }
    return { record: { ...moved, event: moved.event && us(moved.recv - 7) } as BookRecord, ...rest }
  })
}

function planned(records: readonly BookRecord[], plan: Plan): (Run & { hot: boolean })[] {
  const runs = runsOf(records, new Set(plan.cuts))
  const epochs = [...new Set(records.map((record) => epochOf(record.seq)))]
  const dropped = Math.floor((runs.length * plan.dropped) / 60)
  return runs.map((run, i) => {
    const epoch = epochOf(must(run[0]).seq)
    const which = epochs.indexOf(epoch)
    const after = runs.slice(i + 1).filter((each) => epochOf(must(each[0]).seq) === epoch).length
    const last = after < (plan.tails[which] ?? 0)
    const next = runs.slice(i).find((each) => epochOf(must(each[0]).seq) !== epoch)
    // A takeover that does not know what a spool still holds takes the log for open.
    const late = last && next?.[0]?.kind === 'gap' && (plan.lates[which] ?? false)
    const sealed = !last || late
    return { records: run, sealed, late, hot: !sealed || i >= dropped }
  })
}

type Truth = {
  readonly written: readonly Written[]
  readonly gaps: readonly Gap[]
}

/** What could be known at an instant after these records. */
function truthAt(
  { gaps }: Truth,
  by: readonly Written[],
  at: number,
): PlainBook | 'unknown' | 'before' {
  if (gaps.some(({ from, to }) => from < at && (to === null || at < to))) return 'unknown'
  const last = by.at(-1)
  return last === undefined ? 'before' : (last.truth ?? 'unknown')
}

function plainAnswer(answer: AsOf): PlainBook | 'unknown' | 'before' {
  if (answer.kind === 'book') return plainOf(answer.book)
  return answer.kind === 'unknown' ? 'unknown' : 'before'
}

function expectBook(answer: AsOf, by: readonly Written[]): void {
  if (answer.kind !== 'book') return
  const last = must(by.at(-1)).record
  const start = by.findLastIndex(({ record }) => record.kind === 'snapshot')
  const deltas = by.slice(start).filter(({ record }) => record.kind === 'delta').length
  expect(answer).toMatchObject({
    seq: last.seq,
    changed: last.recv,
    event: last.event,
    closed: last.kind === 'end',
    proof: { openingSeq: must(by[start]).record.seq, deltasApplied: deltas },
  })
}

async function storeGaps(marketId: number, gaps: readonly Gap[]): Promise<void> {
  for (const { seq: at, cause, from, to, noticed, prevSeq } of gaps) {
    await store.owner`
      insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us, prev_seq)
      values (${marketId}, ${at}, ${cause}, ${from}, ${to}, ${noticed}, ${prevSeq})`
  }
}

async function newMarket(): Promise<number> {
  markets += 1
  const hold = await take(store.collector)
  const id = await addMarket(store.collector, hold, `KXRAIN-26NOV22-S${markets}`)
  await store.owner`delete from kb.epochs`
  await store.owner`
    insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
    values (0, 1, 'lease', 0, ${Number.MAX_SAFE_INTEGER})`
  return id
}

async function spanOf(id: number) {
  const [row] = await store.owner`select ticker from kb.markets where id = ${id}`
  return readLogSpan(askBy(store.reader), row?.['ticker'])
}

async function checkAsOf(sql: Sql, id: number, truth: Truth, picks: readonly number[]) {
  const { written } = truth
  const [first, last] = [must(written[0]).record.recv, must(written.at(-1)).record.recv]
  const edges = written.flatMap(({ record }) => [record.recv - 1, record.recv, record.recv + 1])
  const days = Array.from({ length: 12 }, (_, i) => (Math.floor(first / DAY) + i) * DAY)
  const all = [...edges, ...days, first - 5, last + 5, last + 40 * DAY]
  for (const pick of picks) {
    const at = us(must(all[pick % all.length]))
    const by = written.filter(({ record }) => record.recv <= at)
    const { opening, records, gaps } = await historyAt(sql, id, { us: at })
    const answer = asOf(opening, records, gaps)
    expect(plainAnswer(answer), `at ${at}`).toEqual(truthAt(truth, by, at))
    expectBook(answer, by)
  }
}

async function checkSeqs(sql: Sql, id: number, truth: Truth, picks: readonly number[]) {
  const { written } = truth
  for (const pick of picks) {
    const i = pick % written.length
    const { record } = must(written[i])
    const by = written.slice(0, i + 1)
    const { opening, records, gaps } = await historyAt(sql, id, { seq: record.seq })
    expect((records.at(-1) ?? (opening.kind === 'new' ? null : opening))?.seq).toBe(record.seq)
    const answer = asOf(opening, records, gaps)
    expect(plainAnswer(answer), `at seq ${record.seq}`).toEqual(truthAt(truth, by, record.recv))
    expectBook(answer, by)
    const beyond = seq(record.seq + 1)
    if (written[i + 1]?.record.seq === beyond) continue
    const none = await historyAt(sql, id, { seq: beyond })
    const found = none.records.at(-1) ?? (none.opening.kind === 'new' ? null : none.opening)
    expect(found?.seq).toBe(record.seq)
  }
}

async function pages(sql: Sql, id: number, range: RecordRange): Promise<BookRecord[]> {
  const found: BookRecord[] = []
  let after: RecordRange['after'] | undefined
  for (;;) {
    const page = await listRecords(sql, id, after === undefined ? range : { ...range, after })
    found.push(...page.records)
    const last = page.records.at(-1)
    if (last === undefined || page.records.length < range.limit) return found
    after = { recvUs: last.recv, seq: last.seq }
  }
}

async function checkPages(sql: Sql, id: number, { written }: Truth, picks: readonly number[]) {
  const log = written.map(({ record }) => record)
  for (const limit of [9, 1000]) {
    expect(await pages(sql, id, { limit })).toEqual(log)
  }
  for (const pick of picks) {
    const one = must(log[pick % log.length])
    const two = must(log[(pick * 7) % log.length])
    const [from, to] = [Math.min(one.recv, two.recv), Math.max(one.recv, two.recv)].map(us)
    const range = { fromUs: must(from), toUs: must(to), limit: 1 + (pick % 9) }
    const inside = log.filter(({ recv }) => recv >= range.fromUs && recv < range.toUs)
    expect(await pages(sql, id, range)).toEqual(inside)
    const following = log.filter((record) => record.seq > one.seq)
    expect(await pages(sql, id, { afterSeq: one.seq, limit: 7 })).toEqual(following)
    const both = { fromUs: two.recv, afterSeq: one.seq, limit: 7 }
    const rest = following.filter(({ recv }) => recv >= two.recv)
    expect(await pages(sql, id, both)).toEqual(rest)
  }
}

test('invariant 10: whatever is sealed, hot, both or late, every past book and page is that of the plain fold', async () => {
  const count = { sealed: 0, hot: 0, both: 0, late: 0, lateHot: 0 }
  const picks = fc.array(fc.nat(), { minLength: 12, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(happeningsWithEnds, anyPlan, picks, async (all, plan, where) => {
      const written = paced(write(all), plan.pace)
      const truth = { written, gaps: gapsOf(written) }
      const records = written.map(({ record }) => record)
      const runs = planned(records, plan)
      const id = await newMarket()
      for (const run of runs) {
        if (run.hot) await storeHot(store.owner, id, run.records)
        count[run.late ? 'late' : run.sealed ? (run.hot ? 'both' : 'sealed') : 'hot'] += 1
      }
      const lateHot = runs.findIndex(({ sealed }) => !sealed)
      if (lateHot >= 0 && runs.slice(lateHot).some(({ sealed }) => sealed)) count.lateHot += 1
      await storeSegments(store.owner, id, segmentsOf(runs))
      await storeGaps(id, truth.gaps)
      await checkAsOf(store.reader, id, truth, where)
      await checkSeqs(store.reader, id, truth, where.slice(0, 6))
      await checkPages(store.reader, id, truth, where.slice(0, 2))
      const [first, last] = [must(records[0]), must(records.at(-1))]
      expect(await spanOf(id)).toMatchObject({
        first: { seq: first.seq, recvUs: first.recv },
        last: { seq: last.seq, recvUs: last.recv },
      })
    }),
    { numRuns: 80, endOnFailure: true },
  )
  for (const times of Object.values(count)) expect(times).toBeGreaterThan(0)
})

/** The same connection, on which something else happens after each statement. */
function afterEach(sql: Sql, act: () => Promise<void>): Sql {
  return new Proxy(sql, {
    apply(target, self, args) {
      const query = Reflect.apply(target, self, args) as PromiseLike<unknown>
      const then = query.then.bind(query)
      // A fragment of another statement is never waited for.
      return Object.assign(query, {
        // biome-ignore lint/suspicious/noThenProperty: a statement begins when it is waited for
        then: (...told: Parameters<typeof then>) =>
          then(async (rows) => {
            await act()
            return rows
          }).then(...told),
      })
    },
  })
}

test('while its hot rows are sealed, and after they are dropped, a log reads the same', async () => {
  const written = paced(BUSY, 1_000_000)
  const truth = { written, gaps: [] }
  const records = written.map(({ record }) => record)
  const id = await newMarket()
  await storeHot(store.owner, id, records)
  const cuts = new Set(records.map((_, i) => i).filter((i) => i % 2 === 0))
  const runs = runsOf(records, cuts).map((run) => ({ records: run, sealed: true, late: false }))
  const segments = segmentsOf(runs)
  // One more after every statement, so that each read sees the store change under it.
  const reader = afterEach(store.reader, async () => {
    await storeSegments(store.owner, id, segments.splice(0, 1))
  })
  while (segments.length > 0) {
    await checkAsOf(reader, id, truth, [3, 60, 119, 122])
    await checkSeqs(reader, id, truth, [5, 40])
    await checkPages(reader, id, truth, [11])
  }
  await dropHot(store.owner, id, must(records.at(-1)).seq)
  await checkAsOf(store.reader, id, truth, [3, 60, 119, 122])
  await checkPages(store.reader, id, truth, [11])
})

test('a log whose first days are no longer kept is covered from the first day that is', async () => {
  const written = paced(BUSY, 5_000_000_000)
  const truth = { written, gaps: [] }
  const records = written.map(({ record }) => record)
  const id = await newMarket()
  const runs = runsOf(records, new Set()).map((run) => ({
    records: run,
    sealed: true,
    late: false,
  }))
  const segments = segmentsOf(runs)
  await storeSegments(store.owner, id, segments)
  const day = (Math.floor(must(records[0]).recv / DAY) + 1) * DAY
  await store.owner`delete from kb.book_segments where market_id = ${id} and first_us < ${day}`
  for (const at of [day, day + 1, day + DAY / 2].map(us)) {
    const by = written.filter(({ record }) => record.recv <= at)
    const { opening, records: rest, gaps } = await historyAt(store.reader, id, { us: at })
    const answer = asOf(opening, rest, gaps)
    expect(plainAnswer(answer)).toEqual(truthAt(truth, by, at))
    expectBook(answer, by)
  }
  const before = await historyAt(store.reader, id, { us: us(day - 1) })
  expect(before).toMatchObject({ opening: { kind: 'new' }, records: [] })
  expect((await spanOf(id))?.first?.recvUs).toBe(day)
  const kept = records.filter(({ recv }) => recv >= day)
  expect(await pages(store.reader, id, { limit: 9 })).toEqual(kept)
})

test.each([
  ['segment_unreadable', deflateRawSync(Uint8Array.of(9, 9, 9))],
  ['segment_unreadable', Uint8Array.of(1, 2, 3)],
  ['segment_too_large', deflateRawSync(new Uint8Array(5 * 2 ** 20))],
])('a segment that is %s is told, never passed over', async (code, data) => {
  const id = await newMarket()
  const [{ record }] = BUSY as [Written]
  const row = { market_id: id, first_us: record.recv, first_seq: 7, last_seq: 7, deltas: 0 }
  await store.owner`
    insert into kb.book_segments ${store.owner({ ...row, last_us: record.recv, records: 1, data })}`
  await store.owner`
    insert into kb.sealed_logs values (${id}, ${record.recv}, 7, 7, ${record.recv}, 'known')`
  const told = { code, message: expect.stringContaining('seq 7') }
  await expect(historyAt(store.reader, id, 'last')).rejects.toMatchObject(told)
  await expect(listRecords(store.reader, id, { limit: 1 })).rejects.toMatchObject(told)
})
