import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import type { Level, Seq } from '#core/log'
import { isSure, sumOfBest } from '#core/several-books'
import { type BookView, printBook, printUnknown } from '#core/wire/book-answer'
import { printRefusal } from '#core/wire/books-answer'

const at = 1_795_345_898_131_376 as Micros
const level = (price: number, size: number) => [price, size] as unknown as Level

function known(yes: number[], no: number[], view: BookView = 'yes', status = 'as_of') {
  const heading = { ticker: 'A-B-C', event: 'A-B', marketStatus: 'active', at, view }
  const book = { yes: yes.map((price) => level(price, 100)), no: no.map((p) => level(p, 100)) }
  const how = { seq: 1 as Seq, changed: at, event: null, confirmed: at, proof: null }
  return printBook(heading, { book, status: status as 'as_of', ...how }, undefined)
}

const unknown = printUnknown(
  { ticker: 'A-B-D', event: 'A-B', marketStatus: 'active', at, view: 'yes' },
  { seq: 1 as Seq, cause: 'cut', from: at, to: null, noticed: at, prevSeq: null },
  null,
)
const refused = printRefusal('A-B-E', { code: 'range_not_covered', message: 'begins later' })

test('the best prices are added up exactly, whatever the view', () => {
  for (const view of ['yes', 'native'] as const) {
    const books = [known([420_000, 410_000], [570_000], view), known([999_900], [100, 1], view)]
    expect(sumOfBest(books, 'bid')).toBe('1.4199')
    expect(sumOfBest(books, 'ask')).toBe('1.4299')
  }
  expect(sumOfBest([known([1], [999_999])], 'bid')).toBe('0.000001')
  expect(sumOfBest([known([500_000], []), known([500_000], [])], 'bid')).toBe('1.0000')
})

test('there is no sum of what is missing or not known, nor of nothing', () => {
  const whole = known([420_000], [570_000])
  for (const other of [known([420_000], []), unknown, refused]) {
    expect(sumOfBest([whole, other], 'ask')).toBeNull()
  }
  expect(sumOfBest([whole, known([420_000], [])], 'bid')).toBe('0.8400')
  expect(sumOfBest([], 'bid')).toBeNull()
})

test('books are sure that are neither unknown, stale nor refused', () => {
  for (const status of ['live', 'as_of', 'closed']) {
    expect(isSure(known([], [], 'yes', status))).toBe(true)
  }
  for (const book of [known([], [], 'yes', 'stale'), unknown, refused]) {
    expect(isSure(book)).toBe(false)
  }
})
