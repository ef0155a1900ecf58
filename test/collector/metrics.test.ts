import { expect, test } from 'vitest'
import type { CollectorStatus } from '../../collector/collector.ts'
import { Metrics } from '../../collector/metrics.ts'

/** The samples of a scrape, by name and labels. */
async function samples(metrics: Metrics): Promise<Map<string, number>> {
  const { type, text } = await metrics.text()
  expect(type).toMatch(/^text\/plain/)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))]
    }),
  )
}

test('what was counted is what a scrape shows', async () => {
  const metrics = new Metrics()
  for (let i = 0; i < 3; i++) metrics.frame('delta')
  metrics.frame('snapshot')
  metrics.gap('cut', 12)
  metrics.gap('sequence')
  metrics.reconnect(2)
  metrics.batch(400)
  metrics.sealed(2, 1024)
  metrics.setAside('malformed')
  metrics.check('same')
  const shown = await samples(metrics)
  expect(
    [
      'kalshibook_frames_total{type="delta"}',
      'kalshibook_frames_total{type="snapshot"}',
      'kalshibook_gaps_total{cause="cut"}',
      'kalshibook_gaps_total{cause="sequence"}',
      'kalshibook_reconnects_total{connection="2"}',
      'kalshibook_batch_entries_sum',
      'kalshibook_batch_entries_bucket{le="100"}',
      'kalshibook_batch_entries_bucket{le="500"}',
      'kalshibook_segments_total',
      'kalshibook_sealed_records_total',
      'kalshibook_set_aside_total{kind="malformed"}',
      'kalshibook_truth_checks_total{outcome="same"}',
    ].map((name) => shown.get(name)),
  ).toEqual([3, 1, 12, 1, 1, 400, 0, 1, 2, 1024, 1, 1])
  expect(shown.get('kalshibook_process_cpu_seconds_total')).toBeGreaterThan(0)
  // A second scrape counts nothing twice.
  expect((await samples(metrics)).get('kalshibook_frames_total{type="delta"}')).toBe(3)
})

test('a lag falls into every bucket that is at least as long, and no clock makes it negative', async () => {
  const metrics = new Metrics()
  for (const us of [-5000, 1000, 1001, 40_000, 7_200_000_000]) metrics.receiveLag.observe(us)
  const shown = await samples(metrics)
  const bucket = (le: string) => shown.get(`kalshibook_receive_lag_seconds_bucket{le="${le}"}`)
  expect(['0.001', '0.002', '0.02', '0.05', '3600', '+Inf'].map(bucket)).toEqual([2, 3, 3, 4, 4, 5])
  expect(shown.get('kalshibook_receive_lag_seconds_count')).toBe(5)
  expect(shown.get('kalshibook_receive_lag_seconds_sum')).toBeCloseTo(7200.042001, 6)
})

test('what is looked up is asked for at each scrape, and is no number while there is none', async () => {
  const metrics = new Metrics()
  const status = { markets: 12, known: 10, recordLagMs: 250, spoolBytes: 77 } as CollectorStatus
  metrics.readFrom(() => ({ state: 'recording', lease: 'unknown', epoch: 9, status }))
  const shown = await samples(metrics)
  expect(shown.get('kalshibook_stale_books')).toBe(2)
  expect(shown.get('kalshibook_spool_age_seconds')).toBe(0.25)
  expect(shown.get('kalshibook_epoch')).toBe(9)
  expect(shown.get('kalshibook_state{state="recording"}')).toBe(1)
  expect(shown.get('kalshibook_state{state="standby"}')).toBe(0)
  expect(shown.get('kalshibook_lease{lease="unknown"}')).toBe(1)
  metrics.readFrom(() => ({ state: 'standby', lease: null, epoch: null, status: null }))
  const idle = await samples(metrics)
  expect(idle.get('kalshibook_stale_books')).toBeNaN()
  expect(idle.get('kalshibook_state{state="standby"}')).toBe(1)
  expect(idle.get('kalshibook_lease{lease="unknown"}')).toBe(0)
})
