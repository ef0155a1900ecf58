import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Micros, printInstant } from '#core/instant'
import { type BookRecord, type Epoch, type Seq, seqOf } from '#core/log'
import type { CoverageAnswer } from '#core/wire/coverage-answer'
import { call, dataOf, errorOf } from './api.ts'
import {
  asOwner,
  setWatermark,
  storeGap,
  storeMarket,
  storeRecords,
  storeSegment,
} from './store.ts'
import { setKept } from './trade-store.ts'

const [M, SETTLED, BARE, LEFT] = [
  'COVERED-X-A',
  'COVERED-X-B',
  'COVERED-X-C',
  'COVERED-X-D',
] as const
const HOUR = 3_600_000_000
const DAY = 24 * HOUR
/** 2026-10-03T00:00Z. */
const MIDNIGHT = Date.UTC(2026, 9, 3) * 1000
const at = (hours: number) => (MIDNIGHT + hours * HOUR) as Micros
const seq = (n: number): Seq => seqOf(1 as Epoch, n)
const NOW = at(60)

beforeAll(async () => {
  await setWatermark(NOW)
  const id = await storeMarket(M)
  await asOwner(async (sql) => {
    await sql`select kb.make_segment_partitions(${MIDNIGHT}::int8, 3)`
    // Of a segment only its key is counted: here none has data that could be read.
    const segments = [
      { us: at(20), n: 0, records: 100, deltas: 99 },
      { us: at(23), n: 100, records: 50, deltas: 50 },
      { us: at(24), n: 150, records: 0, deltas: 0 },
      { us: at(30), n: 150, records: 30, deltas: 27 },
    ]
    for (const { us, n, records, deltas } of segments) {
      await sql`insert into kb.book_segments ${sql({
        market_id: id,
        first_us: us,
        first_seq: seq(n),
        last_seq: seq(n + records - 1),
        last_us: records === 0 ? us - HOUR : us,
        records,
        deltas,
        data: new Uint8Array(0),
      })}`
    }
    await sql`
      insert into kb.sealed_logs (market_id, first_us, first_seq, last_seq, last_us, state)
      values (${id}, ${at(30)}, ${seq(150)}, ${seq(179)}, ${at(30)}, 'known')`
  })
  const delta = { kind: 'delta', event: null, side: 'yes', price: 400_000, change: 1, size: 1 }
  // The first two are in the last segment, and still among the hot rows.
  const hot = [178, 179, 180, 181, 182].map((n) => ({
    ...delta,
    seq: seq(n),
    recv: at(n < 180 ? 30 : 50),
  }))
  await storeRecords(id, hot as unknown as BookRecord[])
  const gaps = [
    [at(22), at(26)],
    [at(25), at(27)],
    [at(54), null],
  ] as const
  for (const [n, [from, to]] of gaps.entries()) {
    const bounds = { from, to, noticed: to ?? from }
    await storeGap(id, { seq: seq(1000 + n), cause: 'cut', ...bounds, prevSeq: null })
  }

  const records: BookRecord[] = [
    { kind: 'snapshot', seq: seq(0), recv: at(1), event: null, reason: 'first', yes: [], no: [] },
    { kind: 'end', seq: seq(1), recv: at(13), event: null, reason: 'settled' },
  ]
  const settled = await storeMarket(SETTLED, 'finalized')
  await storeSegment(settled, { openUs: at(1), opening: { kind: 'new' }, records })
  await asOwner(
    (sql) => sql`update kb.sealed_logs set state = 'ended' where market_id = ${settled}`,
  )
  await storeMarket(BARE)
  const left = { ...records[1], reason: 'deselected' } as BookRecord
  await storeRecords(await storeMarket(LEFT), [...records.slice(0, 1), left])
})

afterAll(async () => {
  await asOwner(
    (sql) => sql`truncate kb.book_deltas, kb.book_segments, kb.sealed_logs, kb.book_gaps`,
  )
  await setWatermark(null)
})

const coverage = (ticker: string, query = '') =>
  dataOf<CoverageAnswer>(`/v1/markets/${ticker}/coverage${query}`)

test('coverage tells of the whole log and of each day of it', async () => {
  const hours = (count: number) => count * 3600
  expect(await coverage(M)).toEqual({
    ticker: M,
    state: 'open',
    first_ts: printInstant(at(20)),
    first_seq: seq(0),
    last_ts: printInstant(at(50)),
    last_seq: seq(182),
    through_ts: printInstant(NOW),
    from_ts: printInstant(at(0)),
    to_ts: printInstant(at(72)),
    records: 183,
    deltas: 179,
    covered_seconds: hours(40 - 5 - 6),
    gap_seconds: hours(5 + 6),
    gaps: 3,
    grade: 'F',
    days: [
      {
        day: '2026-10-03',
        records: 150,
        deltas: 149,
        covered_seconds: hours(2),
        gap_seconds: hours(2),
        gaps: 1,
        grade: 'F',
      },
      {
        day: '2026-10-04',
        records: 30,
        deltas: 27,
        covered_seconds: hours(21),
        gap_seconds: hours(3),
        gaps: 2,
        grade: 'F',
      },
      {
        day: '2026-10-05',
        records: 3,
        deltas: 3,
        covered_seconds: hours(6),
        gap_seconds: hours(6),
        gaps: 1,
        grade: 'F',
      },
    ],
  })
})

test('a range means the whole days that it touches, also those without a log', async () => {
  const { days, records } = await coverage(M, `?from=${at(-30)}&to=${at(25)}`)
  expect(records).toBe(180)
  expect(days.map(({ day, grade }) => [day, grade])).toEqual([
    ['2026-10-01', null],
    ['2026-10-02', null],
    ['2026-10-03', 'F'],
    ['2026-10-04', 'F'],
  ])
  const one = await coverage(M, `?from=${at(25)}&to=${at(26)}`)
  expect(one).toMatchObject({
    records: 30,
    from_ts: printInstant(at(24)),
    to_ts: printInstant(at(48)),
  })
})

test('a log that is closed is counted until its end', async () => {
  const closed = { covered_seconds: 12 * 3600, gap_seconds: 0, gaps: 0, grade: 'A', records: 2 }
  expect(await coverage(SETTLED)).toMatchObject({ state: 'settled', last_seq: seq(1), ...closed })
  expect(await coverage(LEFT)).toMatchObject({ state: 'deselected', last_seq: seq(1), ...closed })
})

test('without a log there is nothing to tell of, and no grade', async () => {
  const none = { state: 'none', first_ts: null, last_ts: null, records: 0, gaps: 0, grade: null }
  expect(await coverage(BARE)).toMatchObject({ ...none, days: [], from_ts: null, to_ts: null })
  const { days } = await coverage(BARE, `?from=${at(0)}&to=${at(24)}`)
  expect(days).toMatchObject([{ day: '2026-10-03', records: 0, grade: null }])
})

test('days that are no longer kept are not told of', async () => {
  await setKept('segments', at(24))
  const kept = await coverage(M)
  expect(kept).toMatchObject({ first_ts: printInstant(at(24)), records: 33, gaps: 3 })
  expect(kept.days.map(({ day }) => day)).toEqual(['2026-10-04', '2026-10-05'])
  const answer = await call(`/v1/markets/${M}/coverage?from=${at(1)}&to=${at(20)}`)
  expect(answer.status).toBe(404)
  expect(errorOf(answer)).toMatchObject({
    code: 'range_not_covered',
    param: 'to',
    covered: { from_ts: printInstant(at(24)), through_ts: printInstant(NOW) },
  })
  await setKept('segments', null)
})

test('an answer about days long past may be kept, one that may change is asked for again', async () => {
  const past = await call(`/v1/markets/${M}/coverage?to=${at(24)}`)
  expect(past.headers.get('Cache-Control')).toBe('private, max-age=3600')
  const now = await call(`/v1/markets/${M}/coverage`)
  expect(now.headers.get('Cache-Control')).toBe('private, no-cache')
  const headers = { 'If-None-Match': String(now.headers.get('ETag')) }
  expect(now.headers.get('X-Credits-Cost')).toBe('1')
  expect(headers['If-None-Match']).toMatch(/^"[\w-]+"$/)
})

test('what is asked for wrongly is refused by its name', async () => {
  const wrong = [
    ['/v1/markets/NOBODY/coverage', 404, 'not_found', undefined],
    [`/v1/markets/${M}/coverage?from=${MIDNIGHT - 1001 * DAY}`, 422, 'range_too_large', 'from'],
    [`/v1/markets/${M}/coverage?from=${at(2)}&to=${at(1)}`, 422, 'invalid_param', 'to'],
    [`/v1/markets/${M}/coverage?limit=1`, 422, 'invalid_param', 'limit'],
  ] as const
  for (const [address, status, code, param] of wrong) {
    const answer = await call(address)
    const error = errorOf(answer)
    expect([answer.status, error.code, error.param], address).toEqual([status, code, param])
  }
})
