import { expect, test } from 'vitest'
import { type HealthInput, judgeHealth } from '#core/health'

const BOUNDS = { silentMs: 30_000, openingMs: 300_000, recordLagMs: 600_000, spoolBytes: 1000 }
const GOOD: HealthInput = {
  state: 'recording',
  stateMs: 3_600_000,
  frameMs: 20,
  leaseLost: false,
  recordLagMs: 300,
  spoolBytes: 10,
  spoolFailing: false,
}
const reasons = (over: Partial<HealthInput>) => judgeHealth({ ...GOOD, ...over }, BOUNDS)

test('a collector that records is healthy, and so is one whose store is behind within bounds', () => {
  expect(reasons({})).toEqual([])
  expect(reasons({ recordLagMs: 599_000, spoolBytes: 1000 })).toEqual([])
})

test.each<[string, Partial<HealthInput>]>([
  ['feed_silent', { frameMs: 30_001 }],
  ['feed_silent', { frameMs: null, stateMs: 30_001, recordLagMs: 0 }],
  ['spool_old', { recordLagMs: 600_001 }],
  ['spool_old', { recordLagMs: null, stateMs: 600_001 }],
  ['spool_large', { spoolBytes: 1001 }],
  ['spool_failing', { spoolFailing: true }],
  ['lease_lost', { leaseLost: true }],
  ['opening_slow', { state: 'opening', stateMs: 300_001 }],
])('it is unhealthy for %s when %j', (reason, over) => {
  expect(reasons(over)).toEqual([reason])
})

test('what just began is not silent yet', () => {
  expect(reasons({ frameMs: null, stateMs: 29_000, recordLagMs: null })).toEqual([])
})

test('a standby is healthy whatever else is so, and so is one that hands over', () => {
  const dead = { frameMs: null, recordLagMs: null, spoolBytes: 5000, leaseLost: true }
  expect(reasons({ ...dead, state: 'standby' })).toEqual([])
  expect(reasons({ ...dead, state: 'stopping' })).toEqual([])
})

test('every reason is told, not only the first', () => {
  expect(reasons({ frameMs: 40_000, spoolBytes: 2000, leaseLost: true })).toEqual([
    'feed_silent',
    'spool_large',
    'lease_lost',
  ])
})
