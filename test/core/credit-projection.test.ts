import { expect, test } from 'vitest'
import { projectCredits } from '#core/credit-projection'
import type { Micros } from '#core/instant'

const HOUR_US = 3_600_000_000
const DAY_US = 24 * HOUR_US
const NOW = Date.UTC(2026, 10, 21) * 1000
const END = Date.UTC(2026, 11, 1) * 1000

const used = (daysAgo: number, credits: number) => ({
  hourUs: (NOW - daysAgo * DAY_US) as Micros,
  credits,
})
const month = (left: number, spent = 0) => ({ used: spent, left, toUs: END })

test('a week of use goes on to the month’s end', () => {
  const rows = [1, 2, 3, 4, 5, 6, 7].map((days) => used(days, 100))
  expect(projectCredits(rows, month(9000, 1000), NOW)).toEqual({
    perDay: 100,
    days: 7,
    atEnd: 2000,
    outUs: null,
  })
})

test('credits that do not last run out on the line, and those that last to the end do not', () => {
  const rows = [1, 2, 3, 4, 5, 6, 7].map((days) => used(days, 100))
  expect(projectCredits(rows, month(250), NOW).outUs).toBe(NOW + 2.5 * DAY_US)
  expect(projectCredits(rows, month(999), NOW).outUs).toBe(NOW + 9.99 * DAY_US)
  expect(projectCredits(rows, month(1000), NOW).outUs).toBeNull()
  expect(projectCredits(rows, month(0), NOW).outUs).toBe(NOW)
})

test('who began two days ago is measured by two days, who began just now by one', () => {
  expect(projectCredits([used(2, 60), used(1, 40)], month(9000), NOW)).toMatchObject({
    perDay: 50,
    days: 2,
    atEnd: 500,
  })
  expect(projectCredits([used(0.1, 60)], month(9000), NOW)).toMatchObject({
    perDay: 60,
    days: 1,
    atEnd: 600,
  })
})

test('what is older than a week says nothing, nor do calls that cost nothing', () => {
  expect(projectCredits([used(8, 5000), used(6, 0), used(1, 40)], month(9000, 5040), NOW)).toEqual({
    perDay: 40,
    days: 1,
    atEnd: 5440,
    outUs: null,
  })
})

test('without any use nothing changes, and without credits they are out now', () => {
  expect(projectCredits([], month(10_000), NOW)).toEqual({
    perDay: 0,
    days: 1,
    atEnd: 0,
    outUs: null,
  })
  expect(projectCredits([], month(0, 10_000), NOW)).toMatchObject({ atEnd: 10_000, outUs: NOW })
})

test('at the end of the month nothing more comes', () => {
  expect(projectCredits([used(1, 100)], month(5, 7), END)).toMatchObject({ atEnd: 7, outUs: null })
})
