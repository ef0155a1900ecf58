import { expect, test } from 'vitest'
import { Balance, type Busy, type Load, level, place } from '#core/placement'
import { ticker } from './arbitraries.ts'

const load = (connection: number, more: Partial<Load> = {}): Load => ({
  connection,
  usable: true,
  markets: 0,
  room: Number.POSITIVE_INFINITY,
  rate: 0,
  ...more,
})
const busy = (market: string, connection: number, rate: number): Busy => ({
  market: ticker(market),
  connection,
  rate,
})
const counts = (places: readonly (number | null)[]) =>
  [0, 1, 2, null].map((at) => places.filter((each) => each === at).length)

test('markets are spread evenly over connections that have nothing', () => {
  expect(counts(place(30, [load(0), load(1), load(2)]))).toEqual([10, 10, 10, 0])
})

test('a market goes to the connection with the least to do, in markets and in changes', () => {
  expect(place(1, [load(0, { markets: 500 }), load(1, { markets: 40 })])).toEqual([1])
  expect(place(1, [load(0, { markets: 40, rate: 900 }), load(1, { markets: 500 })])).toEqual([1])
})

test('what is not usable gets nothing, what is full no more than it has room for', () => {
  const loads = [load(0, { usable: false }), load(1, { room: 2 }), load(2, { markets: 1000 })]
  expect(counts(place(5, loads))).toEqual([0, 2, 3, 0])
  expect(counts(place(5, [load(0, { usable: false }), load(1, { room: 2 })]))).toEqual([0, 2, 0, 3])
  expect(place(1, [])).toEqual([null])
})

test('hot markets that share a connection move apart', () => {
  const loads = [load(0, { rate: 1000, markets: 10 }), load(1, { markets: 10 })]
  const moves = new Balance().moves(loads, [busy('KXA', 0, 480), busy('KXB', 0, 470)])
  expect(moves).toEqual([{ market: 'KXA', from: 0, to: 1 }])
})

test('one hot market alone is not carried to and fro', () => {
  const loads = [load(0, { rate: 1000 }), load(1, { rate: 10 })]
  expect(new Balance().moves(loads, [busy('KXA', 0, 1000)])).toEqual([])
})

test('a small difference moves nothing', () => {
  const hot = [busy('KXA', 0, 20), busy('KXB', 0, 10)]
  expect(new Balance().moves([load(0, { rate: 60 }), load(1, { rate: 20 })], hot)).toEqual([])
  expect(new Balance().moves([load(0, { rate: 1300 }), load(1, { rate: 1000 })], hot)).toEqual([])
})

test('a round moves few, and a market that moved stays for a while', () => {
  const balance = new Balance()
  const hot = Array.from({ length: 40 }, (_, i) => busy(`KX${i}`, 0, 100))
  const loads = [load(0, { rate: 4000 }), load(1)]
  const first = balance.moves(loads, hot)
  expect(first).toHaveLength(8)
  const back = first.map(({ market }) => busy(market, 1, 100))
  expect(balance.moves([load(0), load(1, { rate: 800 })], back)).toEqual([])
  for (let round = 0; round < 10; round += 1) balance.moves([load(0), load(1)], [])
  expect(balance.moves([load(0), load(1, { rate: 800 })], back).length).toBeGreaterThan(0)
})

test('nothing moves to a connection that is down or full', () => {
  const hot = [busy('KXA', 0, 400), busy('KXB', 0, 400)]
  const hotLoad = load(0, { rate: 800 })
  expect(new Balance().moves([hotLoad, load(1, { usable: false })], hot)).toEqual([])
  expect(new Balance().moves([hotLoad, load(1, { room: 0 })], hot)).toEqual([])
})

test('connections that have far more markets than others hand some over, others none', () => {
  const uneven = [load(0, { markets: 1000 }), load(1, { markets: 3 })]
  expect(level(uneven)).toEqual({ from: 0, to: 1, count: 200 })
  expect(level([load(0, { markets: 250 }), load(1)])).toEqual({ from: 0, to: 1, count: 125 })
  expect(level([load(0, { markets: 1000 }), load(1, { markets: 600 })])).toBeNull()
  expect(level([load(0, { markets: 1000 }), load(1, { usable: false })])).toBeNull()
  expect(level([load(0, { markets: 1000 }), load(1, { room: 7 })])?.count).toBe(7)
})
