import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { chartBegin, usageChart } from '#core/usage-chart'

const HOUR_US = 3_600_000_000
const DAY_US = 24 * HOUR_US
/** Half past noon. */
const NOW = Date.UTC(2026, 10, 21, 12, 30) * 1000

const row = (
  hoursAgo: number,
  over: { route?: string; keyId?: string; credits?: number } = {},
) => ({
  hourUs: (NOW - 0.5 * HOUR_US - hoursAgo * HOUR_US) as Micros,
  keyId: 'k1',
  route: '/v1/trades',
  requests: 2,
  failed: 1,
  credits: 10,
  ...over,
})

test('a day has 24 hours, the last of which is not over', () => {
  const chart = usageChart(
    [row(0), row(0), row(23), row(24)],
    { span: 'day', by: 'route', of: 'credits' },
    NOW,
  )
  expect(chart.bars).toHaveLength(24)
  expect(chart.bars.at(-1)).toBe(NOW - 0.5 * HOUR_US)
  expect(chart.total).toBe(30)
  const [trades] = chart.series
  expect(trades).toMatchObject({ name: '/v1/trades', total: 30 })
  expect([trades?.values[0], trades?.values[1], trades?.values[23]]).toEqual([10, 0, 20])
})

test('a week and a month have UTC days, today among them', () => {
  expect(chartBegin('week', NOW)).toBe(Date.UTC(2026, 10, 15) * 1000)
  expect(chartBegin('month', NOW)).toBe(Date.UTC(2026, 9, 23) * 1000)
  const chart = usageChart([row(12), row(13)], { span: 'week', by: 'key', of: 'requests' }, NOW)
  expect(chart.bars.at(-1)).toBe(NOW - 12.5 * HOUR_US)
  expect(chart.series).toEqual([{ name: 'k1', values: [0, 0, 0, 0, 0, 2, 2], total: 4 }])
})

test('five are told apart, the largest first; all others are one', () => {
  const routes = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const rows = routes.map((route, at) => row(1, { route, credits: 10 + at }))
  const { series, total } = usageChart(rows, { span: 'month', by: 'route', of: 'credits' }, NOW)
  expect(series.map(({ name }) => name)).toEqual(['g', 'f', 'e', 'd', 'c', null])
  expect(series.at(-1)?.total).toBe(21)
  expect(total).toBe(91)
  const five = usageChart(rows.slice(0, 5), { span: 'month', by: 'route', of: 'credits' }, NOW)
  expect(five.series).toHaveLength(5)
})

test('what cost nothing is in no bar of credits', () => {
  const rows = [row(1, { credits: 0 })]
  expect(usageChart(rows, { span: 'day', by: 'route', of: 'credits' }, NOW).series).toEqual([])
  expect(usageChart(rows, { span: 'day', by: 'route', of: 'requests' }, NOW).total).toBe(2)
})

test('a bar begins with its hour and with its UTC day', () => {
  expect(chartBegin('day', NOW) % HOUR_US).toBe(0)
  expect(chartBegin('week', NOW) % DAY_US).toBe(0)
})
