import { expect, test } from 'vitest'
import type { DutyState } from '#core/health'
import type { CollectorStatus } from '../../collector/collector.ts'
import { HealthWatch } from '../../collector/health.ts'
import { until } from '../until.ts'

const BOUNDS = { silentMs: 60, openingMs: 60, recordLagMs: 60_000, spoolBytes: 1000 }

/** A process whose state and figures are set by hand. */
function watched() {
  const now = { state: 'standby' as DutyState, frames: 0, spoolBytes: 0 }
  const status = () => ({ frames: now.frames, recordLagMs: 0 }) as CollectorStatus
  const watch = new HealthWatch(
    {
      state: () => now.state,
      lease: () => null,
      status: () => (now.state === 'recording' ? status() : null),
      spool: () => ({ bytes: now.spoolBytes, failing: null }),
    },
    BOUNDS,
  )
  return { now, watch }
}

test('a feed is silent once no frame came for so long, and healthy again with the next', async () => {
  const { now, watch } = watched()
  expect(watch.look().reasons).toEqual([])
  now.state = 'recording'
  now.frames = 5
  expect(watch.look().reasons).toEqual([])
  await until('it is silent', () => watch.look().reasons.includes('feed_silent'))
  now.frames = 6
  expect(watch.look().reasons).toEqual([])
})

test('an opening that lasts is told, and the recording after it begins anew', async () => {
  const { now, watch } = watched()
  now.state = 'opening'
  expect(watch.look().reasons).toEqual([])
  await until('it is slow', () => watch.look().reasons.includes('opening_slow'))
  now.state = 'recording'
  expect(watch.look().reasons).toEqual([])
})

test('what waits in the spool counts while it records', () => {
  const { now, watch } = watched()
  now.spoolBytes = 2000
  expect(watch.look().reasons).toEqual([])
  now.state = 'recording'
  expect(watch.look().reasons).toEqual(['spool_large'])
})
