import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PastBooks, type PastView } from '../../client/past-books.ts'
import type { LogEvent } from '../../client/stream-event.ts'

const M = 'KXBTC-1'
const FROM = 1000
/** More deltas than lie between two whole books that are kept. */
const MOST = 700

type Happening = {
  readonly after: number
  readonly what: 'change' | 'gap' | 'snapshot'
  readonly side: 'yes' | 'no'
  readonly cents: number
  readonly contracts: number
}

/** What happens next, so much later (µs): a change of a level, a gap, or a snapshot. */
const happening: fc.Arbitrary<Happening> = fc.record({
  after: fc.integer({ min: 0, max: 3 }),
  what: fc.oneof(
    { weight: 60, arbitrary: fc.constant('change' as const) },
    { weight: 1, arbitrary: fc.constantFrom('gap' as const, 'snapshot' as const) },
  ),
  side: fc.constantFrom('yes' as const, 'no' as const),
  cents: fc.integer({ min: 1, max: 49 }),
  contracts: fc.integer({ min: 0, max: 3 }),
})
const happenings = fc.array(happening, { minLength: 1, maxLength: MOST, size: 'max' })

type Shown = {
  readonly us: number
  readonly kind: string
  readonly bids: string[]
  readonly asks: string[]
}

test('a book at any instant is what was told up to then, in whatever order instants are looked at', () => {
  fc.assert(
    fc.property(happenings, fc.array(fc.nat(2 * MOST), { maxLength: 30 }), (list, looks) => {
      const { books, truth } = play(list)
      for (const look of looks) {
        const us = FROM + look
        const expected = truth.findLast((each) => each.us <= us)
        expect(shown(books.at(us))).toEqual(
          expected && { kind: expected.kind, bids: expected.bids, asks: expected.asks },
        )
      }
    }),
    { numRuns: 40 },
  )
})

test('steps lead through every instant at which something was recorded, there and back', () => {
  fc.assert(
    fc.property(happenings, (list) => {
      const { books, truth } = play(list)
      const instants = [...new Set(truth.map(({ us }) => us))]
      const on: number[] = []
      for (let us: number | null = FROM - 1; us !== null; us = books.stepFrom(us, 1)) on.push(us)
      expect(on.slice(1)).toEqual(instants)
      const back: number[] = []
      for (let us: number | null = 1e9; us !== null; us = books.stepFrom(us, -1)) back.push(us)
      expect(back.slice(1).reverse()).toEqual(instants)
    }),
    { numRuns: 20 },
  )
})

test('at the beginning of a gap the book is known still, inside it is none, and best prices say so', () => {
  const books = new PastBooks(FROM)
  expect(books.at(FROM)).toEqual({ kind: 'before' })
  books.add(bookEvent(1, 900, [['0.4000', '5.00']], []))
  books.add({
    type: 'gap',
    market: M,
    seq: 2,
    cause: 'cut',
    from_us: 1100,
    prev_seq: 1,
    recv_us: 1150,
  })
  books.add(bookEvent(3, 1200, [], [['0.5500', '1.00']]))
  expect(books.at(1100).kind).toBe('book')
  expect(books.at(1101)).toEqual({ kind: 'gap', cause: 'cut', fromUs: 1100 })
  expect(books.at(1199).kind).toBe('gap')
  expect(shown(books.at(1200))).toEqual({ kind: 'book', bids: [], asks: ['0.4500 1.00'] })
  expect(books.prices).toEqual([
    { recv_us: FROM, known: true, bid: ['0.4000', '5.00'], ask: null },
    { recv_us: 1101, known: false, bid: null, ask: null },
    { recv_us: 1200, known: true, bid: null, ask: ['0.4500', '1.00'] },
  ])
})

test('the book of a log that is over stays, and says why it is over', () => {
  const books = new PastBooks(FROM)
  books.add(bookEvent(1, 1000, [['0.4000', '5.00']], []))
  books.add({ type: 'end', market: M, seq: 2, reason: 'settled', recv_us: 1300 })
  expect(books.at(1299)).toMatchObject({ kind: 'book', ended: null })
  expect(books.at(5000)).toMatchObject({ kind: 'book', ended: 'settled', seq: 2, changedUs: 1300 })
})

/** Plays what happens to a past log, and to a book kept in the plainest way. */
function play(list: readonly Happening[]) {
  const books = new PastBooks(FROM)
  const levels = { yes: new Map<number, number>(), no: new Map<number, number>() }
  let known = true
  let us = FROM
  let seq = 1
  books.add(bookEvent(seq, us, [], []))
  const truth: Shown[] = [{ us, kind: 'book', bids: [], asks: [] }]
  for (const { after, what, side, cents, contracts } of list) {
    us += after
    const before = levels[side].get(cents) ?? 0
    if (what === 'change' && (!known || before === contracts)) continue
    seq += 1
    if (what === 'change') {
      const row = [side, price(cents), size(contracts - before), size(contracts), null, us] as const
      books.add({ type: 'changes', market: M, seq: [seq, seq], rows: [[...row]], sent_us: us })
      if (contracts === 0) levels[side].delete(cents)
      else levels[side].set(cents, contracts)
    } else if (what === 'gap') {
      books.add({
        type: 'gap',
        market: M,
        seq,
        cause: 'cut',
        from_us: us,
        prev_seq: null,
        recv_us: us,
      })
      known = false
    } else {
      books.add(bookEvent(seq, us, printed(levels.yes), printed(levels.no)))
      known = true
    }
    const join = (side: Map<number, number>) => printed(side).map((level) => level.join(' '))
    const asks = [...levels.no].sort((a, b) => b[0] - a[0])
    truth.push({
      us,
      kind: known ? 'book' : 'gap',
      bids: known ? join(levels.yes) : [],
      asks: known ? asks.map(([cent, many]) => `${price(100 - cent)} ${size(many)}`) : [],
    })
  }
  return { books, truth }
}

function bookEvent(
  seq: number,
  recv_us: number,
  yes: readonly (readonly [string, string])[],
  no: readonly (readonly [string, string])[],
): LogEvent {
  return { type: 'book', market: M, seq, image: true, reason: 'initial', yes, no, recv_us }
}

function printed(side: Map<number, number>) {
  const levels = [...side].sort((a, b) => b[0] - a[0])
  return levels.map(([cent, many]) => [price(cent), size(many)] as const)
}

function price(cents: number): string {
  return (cents / 100).toFixed(4)
}

function size(contracts: number): string {
  return contracts.toFixed(2)
}

function shown(view: PastView) {
  if (view.kind !== 'book') return { kind: view.kind, bids: [], asks: [] }
  const join = (side: readonly (readonly [string, string])[]) =>
    side.map((level) => level.join(' '))
  return { kind: 'book', bids: join(view.view.bids), asks: join(view.view.asks) }
}
