import { expect, test } from 'vitest'
import type { Entry } from '#core/entry'
import type { Micros } from '#core/instant'
import type { BookRecord, Epoch, Seq } from '#core/log'
import { seqOf } from '#core/log'
import type { Price } from '#core/price'
import { Reader } from '#core/reader'
import { inPlaceOf, RefusedMarkets } from '#core/refused-record'
import type { Size, SizeChange } from '#core/size'
import type { Ticker } from '#core/ticker'

const MARKET = 'KXA' as Ticker
const seq = (n: number): Seq => seqOf(7 as Epoch, n)
const at = (us: number) => us as Micros
const delta = (n: number): BookRecord => ({
  kind: 'delta',
  seq: seq(n),
  recv: at(1000 + n),
  event: null,
  side: 'yes',
  price: 420_000 as Price,
  change: 100 as SizeChange,
  size: 100 as Size,
})
const snapshot = (n: number): BookRecord => ({
  kind: 'snapshot',
  seq: seq(n),
  recv: at(1000 + n),
  event: null,
  reason: 'first',
  yes: [],
  no: [],
})
const entry = (record: BookRecord, market = MARKET): Entry => ({ kind: 'record', market, record })

test('a gap takes the place of a refused record, and its text is kept with the reason', () => {
  const [aside, gap] = inPlaceOf(entry(delta(3)), '23514', at(5000))
  expect(aside).toMatchObject({
    kind: 'aside',
    aside: { kind: 'unstorable', reason: '23514', market: MARKET },
  })
  expect(aside?.kind === 'aside' && JSON.parse(aside.aside.text)).toEqual(entry(delta(3)))
  expect(gap).toEqual(
    entry({
      kind: 'gap',
      seq: seq(3),
      recv: at(1003),
      event: null,
      cause: 'malformed',
      from: at(1002),
      prevSeq: seq(2),
    }),
  )
})

test('a refused gap, and what is no record, leave only their text', () => {
  const [, gap] = inPlaceOf(entry(delta(3)), 'x', at(0))
  expect(gap && inPlaceOf(gap, 'x', at(0))).toHaveLength(1)
  const hole = { kind: 'trade_hole', hole: { from: at(1), to: null } } as unknown as Entry
  expect(inPlaceOf(hole, 'x', at(0))).toHaveLength(1)
})

test('what is stored after a refused record is a log that a reader can follow', () => {
  const refused = new RefusedMarkets()
  const whole = [snapshot(0), delta(1), delta(2), delta(3), delta(4), snapshot(5), delta(6)]
  const before = whole.slice(0, 2).map((record) => entry(record))
  const [, gap] = inPlaceOf(entry(delta(2)), 'x', at(0))
  refused.add(MARKET)
  const after = refused.readable(whole.slice(3).map((record) => entry(record)))
  const reader = new Reader()
  const stored = [...before, ...(gap ? [gap] : []), ...after]
  const steps = stored.map((each) => each.kind === 'record' && reader.read(each.record))
  expect(steps).not.toContain('resync')
  expect(reader.state.kind).toBe('known')
  expect(reader.seq).toBe(seq(6))
})

test('other markets, and entries of other kinds, pass', () => {
  const refused = new RefusedMarkets()
  refused.add(MARKET)
  const other = entry(delta(9), 'KXB' as Ticker)
  const mark: Entry = { kind: 'mark', mark: { epoch: 7 as Epoch, through: at(1), alive: [] } }
  expect(refused.readable([entry(delta(4)), other, mark])).toEqual([other, mark])
})

test('an end is let through where it follows what was, and not after deltas that were left out', () => {
  const end = (n: number): BookRecord => ({
    kind: 'end',
    seq: seq(n),
    recv: at(1000 + n),
    event: null,
    reason: 'settled',
  })
  const gap = inPlaceOf(entry(delta(2)), 'x', at(0)).slice(1)
  const after = (...records: BookRecord[]) => {
    const refused = new RefusedMarkets()
    refused.add(MARKET)
    return refused.readable([...gap, ...records.map((record) => entry(record))]).slice(1)
  }
  expect(after(end(3))).toEqual([entry(end(3))])
  expect(after(delta(3), end(4))).toEqual([])
  expect(after(delta(3), snapshot(4), end(5))).toEqual(
    [snapshot(4), end(5)].map((each) => entry(each)),
  )
})
