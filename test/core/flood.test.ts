import { expect, test } from 'vitest'
import { Flood } from '#core/flood'

test('a customer over the rate is no flood; ten times the rate is, once in ten seconds', () => {
  const flood = new Flood()
  const told: { readonly atMs: number; readonly until: number }[] = []
  const refuse = (perS: number, fromMs: number, seconds: number) => {
    for (let at = 0; at < perS * seconds; at++) {
      const atMs = fromMs + Math.floor((at * 1000) / perS)
      const record = flood.refused('rate_limited', 25, atMs)
      if (record !== null) told.push({ atMs, until: record.until_ms })
    }
  }
  refuse(200, 1_000_000, 30)
  expect(told).toEqual([])
  refuse(400, 1_040_000, 25)
  expect(told).toHaveLength(3)
  for (const { atMs, until } of told) expect(until - atMs).toBe(10_000)
  const gaps = told.slice(1).map(({ atMs }, at) => atMs - (told[at]?.atMs ?? 0))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(10_000)
})

test('below 100 refusals a second nobody floods, however small the plan', () => {
  const flood = new Flood()
  for (let at = 0; at < 1000; at++) {
    expect(flood.refused('quota_exceeded', 5, 1_000_000 + at * 10.1)).toBeNull()
  }
})
