import { expect, test } from 'vitest'
import type { Entry, TradeHole } from '#core/entry'
import type { Micros } from '#core/instant'
import { byEpoch, Leftover, type StoredEpoch, type StoredTail } from '#core/leftover'
import type { BookRecord, Epoch } from '#core/log'
import { seqOf } from '#core/log'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'
import type { Ticker } from '#core/ticker'

const [A, B] = ['KXA', 'KXB'] as Ticker[] as [Ticker, Ticker]
const FIVE = 5 as Epoch
const SIX = 6 as Epoch
const at = (us: number) => us as Micros
type Kind = 'snapshot' | 'delta' | 'gap' | 'end'

function record(market: Ticker, n: number, kind: Kind = 'snapshot', epoch = FIVE): Entry {
  const stamp = { seq: seqOf(epoch, n), recv: at(1000 + n), event: null }
  return { kind: 'record', market, record: { ...stamp, ...bodyOf(kind) } as BookRecord }
}

function bodyOf(kind: Kind): object {
  switch (kind) {
    case 'snapshot':
      return { kind, reason: 'exchange', yes: [], no: [] }
    case 'delta':
      return { kind, side: 'yes', price: 1 as Price, change: 1 as SizeChange, size: 1 as Size }
    case 'gap':
      return { kind, cause: 'cut', from: at(900), prevSeq: null }
    case 'end':
      return { kind, reason: 'settled' }
  }
}

const mark = (through: number, epoch = FIVE): Entry => ({
  kind: 'mark',
  mark: { epoch, through: at(through), alive: [] },
})
const hole: TradeHole = { from: at(1), to: null, filled: null }
const other: Entry = { kind: 'trade_hole', hole }

const STORED: StoredEpoch = { opened: at(900), through: at(1000), next: null }
type Given = { n: number | null; recv?: number | null; gap?: boolean; taken?: number | null }

function tailOf({ n, recv = null, gap = false, taken = null }: Given): StoredTail {
  return {
    seq: n === null ? null : seqOf(FIVE, n),
    recv: recv as Micros | null,
    gap,
    taken: taken as Micros | null,
  }
}

function leftover(tails: [Ticker, Given][], stored: StoredEpoch | null = STORED): Leftover {
  const made = new Leftover(FIVE, stored)
  for (const [market, given] of tails) made.tail(market, tailOf(given))
  return made
}

test('what follows the stored log goes in, what is there already does not', () => {
  const left = leftover([[A, { n: 2 }]])
  const given = [1, 2, 3, 4].map((n) => record(A, n, 'delta'))
  expect(left.readable(given)).toEqual(given.slice(2))
  expect([left.refused, left.holes]).toEqual([0, 0])
  expect(left.filled.get(A)).toEqual({ seq: seqOf(FIVE, 4), vouched: 1003 })
})

test('a market that the store does not know begins with its first record', () => {
  const left = leftover([
    [A, { n: null }],
    [B, { n: null }],
  ])
  expect(left.readable([record(A, 0), record(B, 1), record(B, 2)])).toEqual([record(A, 0)])
  expect([left.refused, left.holes]).toEqual([2, 1])
})

test('a hole ends a market, for good, and no mark says that nothing else is missing', () => {
  const left = leftover([
    [A, { n: 2 }],
    [B, { n: 2 }],
  ])
  const given = [record(A, 4), record(A, 3), record(B, 3), mark(1500)]
  expect(left.readable(given)).toEqual([record(B, 3)])
  expect([left.refused, left.holes, left.through]).toEqual([2, 1, null])
  expect([...left.filled.keys()]).toEqual([B])
})

test('a record from before the last stored one is of another log, whatever its number', () => {
  const left = leftover([[A, { n: 2, recv: 5000 }]])
  expect(left.readable([record(A, 3), mark(1500)])).toEqual([])
  expect([left.holes, left.through]).toEqual([1, null])
})

test('only the gap of whoever took over is filled: nothing beyond its beginning in their log', () => {
  const left = leftover([[A, { n: 2, taken: 1004 }]])
  const given = [3, 4, 5, 6].map((n) => record(A, n, 'delta'))
  expect(left.readable(given)).toEqual(given.slice(0, 2))
  expect([left.refused, left.holes]).toEqual([0, 0])
  expect(left.filled.get(A)).toEqual({ seq: seqOf(FIVE, 4), vouched: 1003 })
})

const TAKEN: StoredEpoch = { ...STORED, next: { epoch: SIX, opened: at(2_000_000) } }

test('one that was paused while another took over vouches for nothing of that time when it wakes', () => {
  const left = leftover([], TAKEN)
  left.readable([mark(1_500_000), mark(9_000_000), mark(9_200_000)])
  expect(left.through).toMatchObject({ through: 1_500_000 })
  const awake = leftover([], TAKEN)
  awake.readable([mark(1_500_000), mark(2_000_000), mark(2_500_000)])
  expect(awake.through).toMatchObject({ through: 2_500_000 })
})

test('a gap from before the takeover that was found after it is not filled, and nothing is vouched for beyond its beginning', () => {
  const left = leftover(
    [
      [A, { n: 2, taken: 1005 }],
      [B, { n: 2, taken: 1005 }],
    ],
    TAKEN,
  )
  const late = [record(A, 3, 'delta'), record(A, 7, 'gap'), record(B, 3, 'delta'), mark(1500)]
  expect(left.readable(late)).toEqual([late[0], late[2]])
  expect(left.vouched).toBe(900)
  expect(left.filled.get(A)).toEqual({ seq: seqOf(FIVE, 3), vouched: 900 })
  expect(left.filled.get(B)).toEqual({ seq: seqOf(FIVE, 3), vouched: 1002 })
})

test('it vouches until its last mark, or the last sign of life of any connection', () => {
  const left = leftover([])
  const alive = [1400, 1300, 1450].map((us, connection) => ({ connection, us: at(us) }))
  left.readable([mark(1200), { kind: 'mark', mark: { epoch: FIVE, through: at(1500), alive } }])
  expect(left.vouched).toBe(1300)
  expect(leftover([]).vouched).toBeNull()
})

test('a leftover that is read again says the same of what it fills', () => {
  const given = [3, 4].map((n) => record(A, n, 'delta'))
  const again = leftover([[A, { n: 4, recv: 1004 }]])
  expect(again.readable(given)).toEqual([])
  expect(again.filled.get(A)).toEqual({ seq: seqOf(FIVE, 4), vouched: 1003 })
})

test('a store restored from before the epoch takes neither its records nor its marks, but all else', () => {
  const left = leftover([], null)
  expect(left.unknown([record(A, 0)]).size).toBe(0)
  expect(left.readable([record(A, 0), other, mark(2000)])).toEqual([other])
  expect([left.through, left.refused, left.holes]).toEqual([null, 1, 1])
})

test('an epoch of the same number that another opened later takes nothing', () => {
  const left = leftover([[A, { n: 9 }]], { ...STORED, opened: at(1_000_000) })
  expect(left.readable([record(A, 3), record(A, 10)])).toEqual([])
  expect(left.holes).toBe(1)
})

test('the last mark holds when it follows the last one of the store, and not when others are missing between', () => {
  const near = leftover([])
  near.readable([mark(1200), mark(90_000_000)])
  expect(near.through?.through).toBe(90_000_000)
  const far = leftover([])
  far.readable([mark(20_000_000)])
  expect(far.through).toBeNull()
})

test('after a part that could not be read nothing follows, and no later mark holds', () => {
  const left = leftover([[A, { n: 2 }]])
  expect(left.readable([record(A, 3), mark(1500)])).toEqual([record(A, 3)])
  left.lost()
  expect(left.readable([record(A, 4), other, mark(1900)])).toEqual([other])
  expect([left.through?.through, left.refused, left.holes]).toEqual([1500, 1, 0])
  expect(left.filled.get(A)).toEqual({ seq: seqOf(FIVE, 3), vouched: 1002 })
})

test('what was lost before the epoch began is lost for it too', () => {
  const left = new Leftover(FIVE, STORED, true)
  left.tail(A, tailOf({ n: 2 }))
  expect(left.readable([record(A, 3), mark(1500)])).toEqual([])
  expect(left.through).toBeNull()
})

test('after a gap that stands for a refused record the log goes on where it begins anew', () => {
  const tail = { n: 2, gap: true }
  const deltas = [3, 4].map((n) => record(A, n, 'delta'))
  const anew = [record(A, 5), record(A, 6, 'delta')]
  const left = leftover([[A, tail]])
  expect(left.readable([...deltas, ...anew, mark(1500)])).toEqual(anew)
  expect([left.refused, left.holes, left.through?.through]).toEqual([2, 0, 1500])
  const ended = leftover([[A, tail]])
  expect(ended.readable([...deltas, record(A, 5, 'end')])).toEqual([])
  const gone = leftover([[A, tail]])
  expect(gone.readable([record(A, 3, 'end')])).toHaveLength(1)
})

test('it says which tails it needs, and does not go on without', () => {
  const left = leftover([[A, { n: 2 }]])
  const entries = [record(A, 3), record(B, 0), record(B, 1)]
  expect([...left.unknown(entries)]).toEqual([B])
  expect(() => left.readable(entries)).toThrow('never read')
})

test('entries are cut where another epoch begins; those that tell no epoch stay with what is before them', () => {
  const six = record(A, 0, 'snapshot', SIX)
  expect(byEpoch([other, record(A, 1), other, mark(1, SIX), other, six], null)).toEqual([
    { epoch: FIVE, entries: [other, record(A, 1), other] },
    { epoch: SIX, entries: [mark(1, SIX), other, six] },
  ])
  expect(byEpoch([other, six], FIVE)).toEqual([
    { epoch: FIVE, entries: [other] },
    { epoch: SIX, entries: [six] },
  ])
  expect(byEpoch([other], null)).toEqual([{ epoch: null, entries: [other] }])
  expect(byEpoch([], FIVE)).toEqual([])
})
