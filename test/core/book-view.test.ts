import { beforeEach, expect, test } from 'vitest'
import { BookView } from '#core/book-view'
import { checksum, fullChecksum } from '#core/checksum'
import { LiveBook } from '#core/live-book'
import type { DeltaRecord, Ladders, Side } from '#core/log'
import { change, levels, must, price, seq, size, us } from './arbitraries.ts'

let live: LiveBook
let last: number

beforeEach(() => {
  live = new LiveBook('M', 'active')
  last = 10
  take({ yes: levels([420_000, 900], [410_000, 100], [400_000, 300]), no: [] })
})

function take(ladders: Ladders): void {
  live.take([{ kind: 'image', seq: seq(last), recv: us(1000), event: null, ...ladders }], null, 1)
}

/** A level's size becomes another. */
function delta(side: Side, at: number, to: number): DeltaRecord {
  last += 1
  const level = book()[side].find(([there]) => there === at)
  const by = change(((to - (level?.[1] ?? 0)) / 100).toFixed(2))
  const times = { recv: us(1000 + last), event: us(500 + last) }
  const where = { side, price: price(at), change: by, size: size(to) }
  const record = { kind: 'delta', seq: seq(last), ...times, ...where } as const
  live.take([record], null, 1)
  return record
}

function book(): Ladders {
  return live.state.kind === 'known' ? must(live.state.book).ladders() : { yes: [], no: [] }
}

test('an image is cut to the depth, its checksums are of the whole book', () => {
  const [image] = new BookView('M', 1).start(live, 'initial')
  expect(image).toMatchObject({
    type: 'snapshot',
    seq: 10,
    reason: 'initial',
    yes: [['0.4200', '9.00']],
    checksum: checksum(book()),
    full_checksum: fullChecksum(book()),
  })
})

test('gathered changes are one row a level with its size now and the times of its last record', () => {
  const view = new BookView('M', null)
  view.start(live, 'initial')
  delta('yes', 410_000, 200)
  delta('no', 570_000, 400)
  delta('yes', 410_000, 250)
  delta('yes', 420_000, 0)
  expect(view.flush(live, 77)).toEqual([
    {
      type: 'deltas',
      market: 'M',
      seq: [11, 14],
      d: [
        ['yes', '0.4200', null, '0.00', 514, 1014],
        ['yes', '0.4100', null, '2.50', 513, 1013],
        ['no', '0.5700', null, '4.00', 512, 1012],
      ],
      checksum: checksum(book()),
      sent_us: 77,
    },
  ])
})

test('what changed and changed back is not told, and the next message covers it', () => {
  for (const depth of [null, 1] as const) {
    const view = new BookView('M', depth)
    view.start(live, 'initial')
    const from = must(view.seq)
    delta('yes', 420_000, 500)
    delta('yes', 420_000, 900)
    expect(view.flush(live, 1)).toEqual([])
    expect(view.seq).toBe(from)
    delta('yes', 420_000, 800)
    expect(view.flush(live, 1)).toMatchObject([{ seq: [from + 1, from + 3] }])
    delta('yes', 420_000, 900)
  }
})

test('a level that leaves the best is told as gone, one that enters with its size', () => {
  const view = new BookView('M', 1)
  view.start(live, 'initial')
  delta('yes', 430_000, 100)
  expect(view.flush(live, 1)).toMatchObject([
    {
      d: [
        ['yes', '0.4300', null, '1.00', 511, 1011],
        // No record changed it: the times are those of the book.
        ['yes', '0.4200', null, '0.00', 511, 1011],
      ],
    },
  ])
  delta('yes', 400_000, 350)
  delta('yes', 430_000, 0)
  expect(view.flush(live, 1)).toMatchObject([
    {
      seq: [12, 13],
      d: [
        ['yes', '0.4300', null, '0.00', 513, 1013],
        ['yes', '0.4200', null, '9.00', 513, 1013],
      ],
    },
  ])
})

test('changes below the best are not told, and whole brings all who follow to the present', () => {
  const view = new BookView('M', 1)
  view.start(live, 'initial')
  delta('yes', 400_000, 999)
  expect(view.flush(live, 1)).toEqual([])
  expect(view.flush(live, 1, true)).toMatchObject([{ seq: [11, 11], d: [] }])
  expect(view.flush(live, 1, true)).toEqual([])
})

test('when more came than the book keeps an image is told, unless it was gathered in time', () => {
  const [slow, gathering] = [new BookView('M', null), new BookView('M', null)]
  for (const view of [slow, gathering]) view.start(live, 'initial')
  for (let i = 0; i < 4200; i += 1) {
    delta('yes', 420_000, 1000 + i)
    if (i % 1000 === 0) gathering.gather(live)
  }
  expect(slow.flush(live, 1)).toMatchObject([{ type: 'snapshot', reason: 'resync', seq: last }])
  const row = ['yes', '0.4200', null, '51.99', 500 + last, 1000 + last]
  expect(gathering.flush(live, 1)).toMatchObject([{ type: 'deltas', seq: [11, last], d: [row] }])
})

test('an end is told after all that came before it, and the book stays', () => {
  const view = new BookView('M', 1)
  view.start(live, 'initial')
  delta('yes', 400_000, 999)
  last += 1
  const end = { kind: 'end', reason: 'settled', seq: seq(last), recv: us(5), event: null } as const
  live.take([end], null, 1)
  expect(view.flush(live, 1)).toMatchObject([
    { seq: [11, 11], d: [] },
    { type: 'end', seq: 12 },
  ])
  expect(view.flush(live, 1)).toEqual([])
})

test('a view of a book of which nothing is known tells of it as soon as something is', () => {
  const view = new BookView('M', 5)
  const unborn = new LiveBook('M', 'active')
  expect(view.start(unborn, 'resume_miss')).toEqual([])
  expect(view.flush(unborn, 1)).toEqual([])
  expect(view.seq).toBeNull()
  expect(view.flush(live, 1)).toMatchObject([{ type: 'snapshot', reason: 'resume_miss' }])
})
