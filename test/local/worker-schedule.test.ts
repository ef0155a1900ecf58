import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { afterEach, expect, test, vi } from 'vitest'
import { runSchedule } from '../../local/worker-schedule.ts'
import { until } from '../until.ts'

const SCRIPT = `
  const ran = []
  export default {
    fetch: () => Response.json(ran),
    scheduled: ({ scheduledTime }) => { ran.push(scheduledTime) },
  }`

afterEach(() => vi.useRealTimers())

test('a Worker’s schedule runs every minute until it is stopped, not before the first is over', async () => {
  const modules = [{ type: 'ESModule' as const, path: 'a.js', contents: SCRIPT }]
  const workers = [{ name: 'scheduled', compatibilityDate: '2026-10-31', modules }]
  const miniflare = new Miniflare(convertV4MiniflareOptions({ cf: false, workers }))
  try {
    await miniflare.ready
    const ran = async () => {
      const response = await miniflare.dispatchFetch('http://worker/')
      return (await response.json()) as number[]
    }
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const schedule = runSchedule(miniflare, 'scheduled')
    vi.advanceTimersByTime(59_999)
    expect(await ran()).toEqual([])
    vi.advanceTimersByTime(1)
    await until('it has run', async () => (await ran()).length === 1)
    schedule.stop()
    vi.advanceTimersByTime(600_000)
    const [atMs] = await ran()
    expect(Math.abs((atMs ?? 0) - Date.now())).toBeLessThan(10_000)
    expect(await ran()).toHaveLength(1)
  } finally {
    await miniflare.dispose()
  }
})
