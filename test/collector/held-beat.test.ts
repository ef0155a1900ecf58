import { afterEach, expect, test, vi } from 'vitest'
import { until } from '../until.ts'
import { openPublisher, type PublisherRig } from './publisher-rig.ts'

let rig: PublisherRig
afterEach(() => rig.stop())

test('a beat does not vouch for what is held back', async () => {
  rig = await openPublisher(['A'])
  await rig.agree()
  rig.shard.acks = false
  const told = () => rig.shard.told.filter((message) => 'n' in message).length
  while (told() < 9) {
    rig.change('A')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const [now, beat] = [Date.now, { sent_us: 1, stale: 0, gaps: 0, lag_p50_ms: 1, lag_p99_ms: 1 }]
  rig.change('A')
  const later = vi.spyOn(Date, 'now').mockImplementation(() => now() + 3000)
  rig.publisher.beat({ ...beat, upstream_age_ms: 5 })
  rig.publisher.beat({ ...beat, upstream_age_ms: 9000 })
  rig.publisher.beat({ ...beat, upstream_age_ms: null })
  later.mockRestore()
  const ages = () =>
    rig.shard.told.flatMap((message) => ('beat' in message ? [message.beat.upstream_age_ms] : []))
  await until('three beats', () => ages().length === 3)
  expect(ages()[0]).toBeGreaterThanOrEqual(3000)
  expect(ages()[0]).toBeLessThan(5000)
  expect(ages().slice(1)).toEqual([9000, null])
})
