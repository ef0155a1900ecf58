import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { HEARTBEAT_MARKETS, HeartbeatBooks } from '#core/heartbeat-books'

const names = (books: HeartbeatBooks, most?: number) => Object.keys(books.next(most))

test('a beat names two hundred books at most, each with the seq that was told last', () => {
  const books = new HeartbeatBooks()
  for (let i = 0; i < 300; i += 1) books.told(`M${i}`, i)
  books.told('M0', 1000)
  const beat = books.next()
  expect(Object.keys(beat)).toHaveLength(HEARTBEAT_MARKETS)
  expect(beat).toMatchObject({ M0: 1000, M1: 1, M199: 199 })
})

test('books that changed since they were named come before all others', () => {
  const books = new HeartbeatBooks()
  for (const market of ['A', 'B', 'C', 'D', 'E']) books.told(market, 1)
  expect(names(books, 5)).toEqual(['A', 'B', 'C', 'D', 'E'])
  books.told('D', 2)
  books.told('C', 2)
  expect(names(books, 3)).toEqual(['D', 'C', 'A'])
  expect(names(books, 3)).toEqual(['B', 'E', 'D'])
})

test('without changes all books are named in turn, none twice in a round', () => {
  const books = new HeartbeatBooks()
  for (let i = 0; i < 7; i += 1) books.told(`M${i}`, i)
  books.next(7)
  const round = [...names(books, 3), ...names(books, 3), ...names(books, 1)]
  expect(new Set(round).size).toBe(7)
  expect(names(books, 3)).toEqual(round.slice(0, 3))
})

test('a market that is followed no more is not named', () => {
  const books = new HeartbeatBooks()
  for (const market of ['A', 'B', 'C']) books.told(market, 1)
  books.next(1)
  books.forget('A')
  books.forget('C')
  expect(books.next()).toEqual({ B: 1 })
})

test('no beat names a book beyond its bound or with another seq than the last told, and a changed one waits no longer than for those before it', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('told' as const), market: fc.nat(20), seq: fc.nat(1000) }),
    fc.record({ kind: fc.constant('forget' as const), market: fc.nat(20), seq: fc.constant(0) }),
    fc.record({ kind: fc.constant('beat' as const), market: fc.constant(0), seq: fc.nat(6) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const books = new HeartbeatBooks()
      const last = new Map<string, number>()
      const changed = new Set<string>()
      for (const { kind, market, seq } of steps) {
        const name = `M${market}`
        if (kind === 'told') {
          books.told(name, seq)
          last.set(name, seq)
          changed.add(name)
        } else if (kind === 'forget') {
          books.forget(name)
          last.delete(name)
          changed.delete(name)
        } else {
          const beat = Object.entries(books.next(seq))
          expect(beat).toHaveLength(Math.min(seq, last.size))
          for (const [each, told] of beat) expect(told).toBe(last.get(each))
          const first = [...changed].slice(0, seq)
          expect(beat.slice(0, first.length).map(([each]) => each)).toEqual(first)
          for (const each of first) changed.delete(each)
        }
      }
    }),
  )
})
