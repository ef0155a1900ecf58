import { expect, test } from 'vitest'
import type { BookRecord, DeltaRecord, EndRecord, GapRecord, Image, Ladders } from '#core/log'
import { Reader, type ReadOutcome } from '#core/reader'
import type { SizeChange } from '#core/size'
import { levels, price, seq, size, us } from './arbitraries.ts'

const AT = { recv: us(1_000), event: null }
const EMPTY: Ladders = { yes: [], no: [] }
const FULL: Ladders = { yes: levels([420_000, 500]), no: levels([570_000, 100]) }

const snapshot = (n: number, ladders = EMPTY): BookRecord => ({
  kind: 'snapshot',
  seq: seq(n),
  reason: 'first',
  ...AT,
  ...ladders,
})
const image = (n: number, ladders = EMPTY): Image => ({
  kind: 'image',
  seq: seq(n),
  ...AT,
  ...ladders,
})
const delta = (n: number, hundredths: number, result: number): DeltaRecord => ({
  kind: 'delta',
  seq: seq(n),
  side: 'yes',
  price: price(420_000),
  change: hundredths as SizeChange,
  size: size(result),
  ...AT,
})
const gap = (n: number): GapRecord => ({
  kind: 'gap',
  seq: seq(n),
  cause: 'cut',
  from: us(900),
  prevSeq: seq(n - 1),
  recv: us(1_000),
  event: null,
})
const end = (n: number): EndRecord => ({ kind: 'end', seq: seq(n), reason: 'settled', ...AT })

type Entry = BookRecord | Image
type Case = readonly [name: string, before: readonly Entry[], entry: Entry, outcome: ReadOutcome]

const cases: readonly Case[] = [
  ['a snapshot starts an empty reader', [], snapshot(5), 'taken'],
  ['an image starts an empty reader', [], image(5), 'taken'],
  ['a gap says to an empty reader that nothing is known', [], gap(5), 'taken'],
  ['a delta is no start', [], delta(5, 1, 1), 'resync'],
  ['an end is no start', [], end(5), 'resync'],
  ['an older image is ignored', [snapshot(5)], image(4), 'ignored'],
  ['an image at my seq replaces my book', [snapshot(5)], image(5, FULL), 'taken'],
  ['a snapshot over a hole replaces my book', [snapshot(5)], snapshot(9), 'taken'],
  ['an image over a hole replaces my book', [snapshot(5)], image(9), 'taken'],
  ['the next delta is applied', [snapshot(5)], delta(6, 100, 100), 'taken'],
  ['a delta at my seq is ignored', [snapshot(5)], delta(5, 100, 100), 'ignored'],
  ['a delta over a hole is refused', [snapshot(5)], delta(7, 100, 100), 'resync'],
  ['a delta on an unknown book is refused', [snapshot(5), gap(6)], delta(7, 1, 1), 'resync'],
  ['a delta below zero is refused', [snapshot(5, FULL)], delta(6, -501, 0), 'resync'],
  ['a delta with another result is refused', [snapshot(5, FULL)], delta(6, 100, 700), 'resync'],
  ['a gap over a hole counts', [snapshot(5)], gap(9), 'taken'],
  ['an old gap is ignored', [snapshot(5)], gap(5), 'ignored'],
  ['an image heals a gap', [snapshot(5), gap(6)], image(7), 'taken'],
  ['an image from before a gap does not heal it', [snapshot(5), gap(7)], image(6), 'ignored'],
  ['the next end closes', [snapshot(5)], end(6), 'taken'],
  ['an end over a hole is refused', [snapshot(5)], end(7), 'resync'],
  ['an end seen before is ignored', [snapshot(5), end(6)], end(6), 'ignored'],
  ['an end closes an unknown book', [snapshot(5), gap(6)], end(7), 'taken'],
  ['no delta follows an end', [snapshot(5), end(6)], delta(7, 1, 1), 'resync'],
  ['a gap takes up a log that had ended', [snapshot(5), end(6)], gap(7), 'taken'],
  ['a snapshot after that gap is a start', [snapshot(5), end(6), gap(7)], snapshot(8), 'taken'],
  [
    'an image at the seq of the end is the last book',
    [snapshot(5), end(6)],
    image(6, FULL),
    'taken',
  ],
  ['an image from before the end is ignored', [snapshot(5), end(6)], image(5), 'ignored'],
  ['the end closes a book whose image came from after it', [image(6)], end(6), 'taken'],
  ['an end before my image is ignored', [image(7)], end(6), 'ignored'],
  [
    'a book that cannot be is no start',
    [snapshot(5)],
    image(9, { yes: levels([100, 1], [100, 2]), no: [] }),
    'resync',
  ],
]

test.each(cases)('%s', (_, before, entry, outcome) => {
  const reader = new Reader()
  for (const one of before) expect(reader.read(one)).toBe('taken')
  const { seq } = reader
  const kind = reader.state.kind
  const book = reader.state.kind === 'known' ? reader.state.book.ladders() : null
  expect(reader.read(entry)).toBe(outcome)
  if (outcome === 'taken') {
    expect(reader.seq).toBe(entry.seq)
    return
  }
  expect(reader.seq).toBe(seq)
  expect(reader.state.kind).toBe(kind)
  if (reader.state.kind === 'known') expect(reader.state.book.ladders()).toEqual(book)
})

test('an end keeps the last book', () => {
  const reader = new Reader()
  for (const one of [snapshot(5, FULL), end(6)]) reader.read(one)
  expect(reader.state).toMatchObject({ kind: 'closed', seq: 6 })
  expect(reader.state.kind === 'closed' && reader.state.book?.ladders()).toEqual(FULL)
})

test('a closed log stays closed when its last book is sent again', () => {
  const reader = new Reader()
  for (const one of [snapshot(5), end(6), image(6, FULL)]) reader.read(one)
  expect(reader.state).toMatchObject({ kind: 'closed', seq: 6, end: end(6) })
  expect(reader.state.kind === 'closed' && reader.state.book?.ladders()).toEqual(FULL)
})

test('invariant 4: an end after a gap has no book to show', () => {
  const reader = new Reader()
  for (const one of [snapshot(5, FULL), gap(6), end(7)]) reader.read(one)
  expect(reader.state).toMatchObject({ kind: 'closed', book: null })
})

test('invariant 4: a reader in a gap tells its cause and has no book', () => {
  const reader = new Reader()
  for (const one of [snapshot(5, FULL), gap(6)]) reader.read(one)
  expect(reader.state).toEqual({ kind: 'unknown', seq: 6, gap: gap(6) })
})
