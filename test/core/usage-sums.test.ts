import { expect, test } from 'vitest'
import { joinUsage, sumUsage, totalUsage } from '#core/usage-sums'
import { us } from './arbitraries.ts'

const row = (hour: number, keyId: string, route: string, requests: number) => ({
  hourUs: us(hour * 3_600_000_000),
  keyId,
  route,
  requests,
  failed: 1,
  credits: 2 * requests,
})

test('of an hour that both tell, what the object holds counts, and once', () => {
  const stored = [row(1, 'a', '/x', 10), row(2, 'a', '/x', 20)]
  const held = [row(2, 'a', '/x', 25), row(2, 'b', '/x', 5)]
  expect(totalUsage(joinUsage(stored, held))).toEqual({ requests: 40, failed: 3, credits: 80 })
})

test('sums are by what is asked for, in the order of time, key and route', () => {
  const rows = [row(2, 'a', '/x', 1), row(1, 'b', '/x', 2), row(1, 'a', '/y', 4)]
  const shown = (by: 'hour' | 'key' | 'route' | 'all') =>
    sumUsage(rows, by).map(({ hourUs, keyId, route, requests }) => [
      hourUs && hourUs / 3_600_000_000,
      keyId,
      route,
      requests,
    ])
  expect(shown('hour')).toEqual([
    [1, null, null, 6],
    [2, null, null, 1],
  ])
  expect(shown('key')).toEqual([
    [null, 'a', null, 5],
    [null, 'b', null, 2],
  ])
  expect(shown('route')).toEqual([
    [null, null, '/x', 3],
    [null, null, '/y', 4],
  ])
  expect(shown('all')).toEqual([
    [1, 'a', '/y', 4],
    [1, 'b', '/x', 2],
    [2, 'a', '/x', 1],
  ])
})
