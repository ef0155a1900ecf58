import { expect, test } from 'vitest'
import type { GapRecord } from '#core/log'
import { MarketLog } from '#core/market-log'
import { change, epoch, levels, must, price, seq, us } from './arbitraries.ts'

const EMPTY = { yes: [], no: [] }
const FULL = { yes: levels([100, 5], [420_000, 90_000]), no: levels([570_000, 85_000]) }
const BASE = 8 * 2 ** 32
const P = price(420_000)

const opening: GapRecord = {
  kind: 'gap',
  seq: seq(BASE),
  cause: 'epoch',
  from: us(50),
  prevSeq: seq(7 * 2 ** 32 + 3),
  recv: us(90),
  event: null,
}

test('a market never seen before opens with its snapshot, ladders best first', () => {
  const log = new MarketLog(epoch(8), null)
  expect(log.known).toBe(false)
  expect(log.snapshot(FULL, us(100))).toEqual({
    kind: 'snapshot',
    seq: BASE,
    reason: 'first',
    recv: 100,
    event: null,
    yes: levels([420_000, 90_000], [100, 5]),
    no: levels([570_000, 85_000]),
  })
  expect(log.known).toBe(true)
})

test('a market with history stands behind the gap that opened the epoch', () => {
  const log = new MarketLog(epoch(8), opening)
  expect(log.openGap).toBe(opening)
  expect(log.gap('cut', us(60), us(95))).toBeNull()
  expect(log.snapshot(EMPTY, us(100))).toMatchObject({ seq: BASE + 1, reason: 'epoch' })
  expect(log.openGap).toBeNull()
})

test('a delta carries the signed change and the resulting size', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  expect(log.delta('yes', P, change('-300.00'), us(80), us(101))).toEqual({
    kind: 'recorded',
    record: {
      kind: 'delta',
      seq: BASE + 1,
      side: 'yes',
      price: 420_000,
      change: -30_000,
      size: 60_000,
      event: 80,
      recv: 101,
    },
  })
})

test('a delta before the first snapshot, or in a gap, is dropped and takes no number', () => {
  const log = new MarketLog(epoch(8), null)
  expect(log.delta('yes', P, change('1'), null, us(1))).toEqual({ kind: 'dropped' })
  log.snapshot(EMPTY, us(2))
  log.gap('sequence', us(2), us(3))
  expect(log.delta('yes', P, change('1'), null, us(4))).toEqual({ kind: 'dropped' })
  expect(log.snapshot(EMPTY, us(5))).toMatchObject({ seq: BASE + 2, reason: 'gap' })
})

test('invariant 3: a change below zero is impossible, takes no number and changes nothing', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const before = log.image()
  expect(log.delta('no', P, change('-0.01'), null, us(101))).toEqual({ kind: 'impossible' })
  expect(log.image()).toEqual(before)
})

test('invariant 3: a snapshot that cannot be a book changes nothing', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const before = log.image()
  expect(log.snapshot({ yes: levels([100, 1], [100, 2]), no: [] }, us(101))).toBeNull()
  expect(log.image()).toEqual(before)
})

test('a gap names the record before it; only the first of a run of them counts', () => {
  const log = new MarketLog(epoch(8), null)
  expect(log.gap('cut', us(1), us(2))).toBeNull()
  log.snapshot(EMPTY, us(100))
  const gap = log.gap('silence', us(90), us(110))
  expect(gap).toEqual({
    kind: 'gap',
    seq: BASE + 1,
    cause: 'silence',
    from: 90,
    prevSeq: BASE,
    recv: 110,
    event: null,
  })
  expect(log.gap('cut', us(105), us(111))).toBeNull()
  expect(log.openGap).toEqual(gap)
})

test('a snapshot of the exchange’s own accord replaces a known book', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  expect(log.vouched).toBe(100)
  expect(log.snapshot(EMPTY, us(200))).toMatchObject({ seq: BASE + 1, reason: 'exchange' })
  expect(log.vouched).toBe(200)
  expect(log.image()).toMatchObject({ seq: BASE + 1, yes: [], no: [] })
})

test('invariant 4: there is an image of a known book alone', () => {
  const log = new MarketLog(epoch(8), null)
  expect(log.image()).toBeNull()
  log.snapshot(EMPTY, us(100))
  log.delta('yes', P, change('2.00'), us(99), us(101))
  expect(log.image()).toEqual({
    kind: 'image',
    seq: BASE + 1,
    recv: 101,
    event: 99,
    yes: levels([420_000, 200]),
    no: [],
  })
  log.gap('cut', us(101), us(102))
  expect(log.image()).toBeNull()
})

test('an image is not changed by what comes after it', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(EMPTY, us(100))
  const image = must(log.image())
  log.delta('yes', P, change('2.00'), null, us(101))
  expect(image.yes).toEqual([])
})

test('a settled log ends with its last book, which is live no more', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const image = must(log.image())
  const [end, ...rest] = log.end('settled', us(90), us(110))
  expect(rest).toEqual([])
  expect(end).toEqual({ kind: 'end', seq: BASE + 1, reason: 'settled', event: 90, recv: 110 })
  expect(log.ending).toEqual({ kind: 'book', image, end })
  expect([log.known, log.image(), log.openGap]).toEqual([false, null, null])
})

test('invariant 4: a de-selected log ends in a gap, since its market trades on unseen', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  const [gap, end] = log.end('deselected', null, us(110))
  expect(gap).toMatchObject({ kind: 'gap', seq: BASE + 1, cause: 'cut', from: 110, prevSeq: BASE })
  expect(end).toMatchObject({ kind: 'end', seq: BASE + 2, reason: 'deselected' })
  expect(log.ending).toEqual({ kind: 'gap', gap, end })
})

test('a log that an earlier epoch left open ends in the gap that opened this one', () => {
  const log = new MarketLog(epoch(8), opening)
  expect(log.end('settled', null, us(110))).toMatchObject([{ kind: 'end', seq: BASE + 1 }])
  expect(log.ending).toMatchObject({ kind: 'gap', gap: opening })
})

test('a log that has not begun, or has ended, does not end', () => {
  const log = new MarketLog(epoch(8), null)
  expect(log.end('settled', null, us(1))).toEqual([])
  expect(log.ending).toBeNull()
  log.snapshot(EMPTY, us(2))
  log.end('settled', null, us(3))
  expect(log.end('deselected', null, us(4))).toEqual([])
})

test('what comes after the end takes no number', () => {
  const log = new MarketLog(epoch(8), null)
  log.snapshot(FULL, us(100))
  log.end('settled', null, us(110))
  expect(log.snapshot(EMPTY, us(111))).toBeNull()
  expect(log.delta('yes', P, change('1'), null, us(111))).toEqual({ kind: 'dropped' })
  expect(log.gap('cut', us(100), us(111))).toBeNull()
  expect(log.check(FULL, us(111))).toBe(false)
})

test('a log that is taken up again begins with a gap since its end, then a snapshot', () => {
  const log = new MarketLog(epoch(8), null)
  expect(log.resume(us(1))).toBeNull()
  log.snapshot(FULL, us(100))
  log.end('settled', null, us(110))
  expect(log.resume(us(200))).toEqual({
    kind: 'gap',
    seq: BASE + 2,
    cause: 'cut',
    from: 110,
    prevSeq: BASE + 1,
    recv: 200,
    event: null,
  })
  expect(log.resume(us(201))).toBeNull()
  expect(log.snapshot(EMPTY, us(210))).toMatchObject({ seq: BASE + 3, reason: 'gap' })
  expect(log.known).toBe(true)
})
