import { expect, test } from 'vitest'
import { type DeltaRecord, seqOf } from '#core/log'
import { Unsealed } from '#core/unsealed'
import { epoch, must, price, size, ticker, us } from './arbitraries.ts'

const HOUR = 3_600_000_000
const DAY = 24 * HOUR
const MIDNIGHT = Date.UTC(2026, 10, 22) * 1000
const MARKET = ticker('KXRAIN-26NOV22-A')

function delta(n: number, recv: number): DeltaRecord {
  const stamp = { seq: seqOf(epoch(8), n), recv: us(recv), event: null }
  const body = { side: 'yes', price: price(420_000), size: size(100) } as const
  return { kind: 'delta', ...stamp, ...body, change: 100 as DeltaRecord['change'] }
}

function filled(records: number, id = 1, unsealed = new Unsealed()): Unsealed {
  for (let n = 0; n < records; n++) unsealed.add(id, MARKET, delta(n, MIDNIGHT + n))
  return unsealed
}

const numbers = (unsealed: Unsealed, all = false, most = 16) =>
  unsealed
    .take(must(unsealed.logs.get(1)), us(MIDNIGHT), all, most)
    .map((run) => [run.first.seq % 65536, run.count])

test('full runs are told, and only they are taken before their time', () => {
  const unsealed = filled(511)
  expect(unsealed.full()).toEqual([])
  expect(unsealed.add(1, MARKET, delta(511, MIDNIGHT + 511))).toBe(true)
  expect(unsealed.full().map(({ marketId }) => marketId)).toEqual([1])
  unsealed.add(1, MARKET, delta(512, MIDNIGHT + 512))
  expect(numbers(unsealed)).toEqual([[0, 512]])
  expect(unsealed.full()).toEqual([])
  expect(numbers(unsealed)).toEqual([])
  expect(numbers(unsealed, true)).toEqual([[512, 1]])
})

test('of a log with many runs some are taken at a time, in order', () => {
  const unsealed = filled(2000)
  expect(numbers(unsealed, false, 2)).toEqual([
    [0, 512],
    [512, 512],
  ])
  expect(unsealed.full().length).toBe(1)
  expect(numbers(unsealed, false, 2)).toEqual([[1024, 512]])
})

test('a record that was taken before is passed over, also when its run is gone', () => {
  const unsealed = filled(3)
  unsealed.add(1, MARKET, delta(1, MIDNIGHT + 1))
  expect(numbers(unsealed, true)).toEqual([[0, 3]])
  unsealed.add(1, MARKET, delta(2, MIDNIGHT + 2))
  expect(numbers(unsealed, true)).toEqual([])
})

test('its size is that of what waits until it is released', () => {
  const unsealed = filled(600)
  const before = unsealed.size
  expect(before).toBeGreaterThan(600 * 8)
  const runs = unsealed.take(must(unsealed.logs.get(1)), us(MIDNIGHT), true, 16)
  expect(unsealed.size).toBe(before)
  unsealed.release(runs)
  expect(unsealed.size).toBe(0)
})

test('a log is due in its turn after the hour, and in its turn of every day', () => {
  const unsealed = filled(3)
  const log = must(unsealed.logs.get(1))
  log.day = us(MIDNIGHT)
  const due = (now: number) => unsealed.due(us(now), us(now)).length
  expect(due(MIDNIGHT + HOUR + log.turnUs - 1)).toBe(0)
  expect(due(MIDNIGHT + HOUR + log.turnUs)).toBe(1)
  unsealed.take(log, us(MIDNIGHT + HOUR + log.turnUs), false, 16)
  expect(due(MIDNIGHT + DAY + log.turnUs - 1)).toBe(0)
  expect(due(MIDNIGHT + DAY + log.turnUs)).toBe(1)
  // Not before all of the day before is known.
  expect(unsealed.due(us(MIDNIGHT + 2 * DAY), us(MIDNIGHT + DAY + log.turnUs - 1))).toEqual([])
})

test('the greatest logs that may be sealed come first', () => {
  const unsealed = filled(10, 1)
  filled(30, 2, unsealed)
  filled(20, 3, unsealed)
  const ids = (may: (id: number) => boolean) =>
    unsealed.greatest(2, may).map(({ marketId }) => marketId)
  expect(ids(() => true)).toEqual([2, 3])
  expect(ids((id) => id !== 2)).toEqual([3, 1])
})

test('a log that is over is forgotten, unless something of it waits', () => {
  const unsealed = filled(1)
  const log = must(unsealed.logs.get(1))
  unsealed.close(log)
  expect(unsealed.logs.size).toBe(1)
  unsealed.take(log, us(MIDNIGHT), true, 16)
  unsealed.close(log)
  expect(unsealed.logs.size).toBe(0)
})
