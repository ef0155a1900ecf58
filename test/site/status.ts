import { expect, test } from 'vitest'
import type { StatusHistory } from '#core/wire/status-history-answer'
import { until } from '../until.ts'
import type { Site } from './site-rig.ts'

/** The status page, in a browser. */
export function testStatus(site: () => Site): void {
  test('the status page tells of now, and after a minute’s look of the hour and of today', async () => {
    const first = await site().open('/status')
    // A page tells of the moment it was asked for: a gap of one market makes that another word.
    await until('the feed is healthy', async () => {
      if (await first.isVisible('#now-feed.healthy')) return true
      await first.reload()
      return false
    })
    expect(await first.textContent('main')).toContain('The feed is healthy.')
    expect(await first.locator('#now-shards tr').count()).toBe(2)
    await lookNow(site())
    await until('the minute is told', async () => (await history(site())).hours.length > 0)

    const page = await site().open('/status?days=1', { scheme: 'dark' })
    expect(await page.locator('.lags rect.healthy').count()).toBeGreaterThan(0)
    const today = page.locator('section[aria-labelledby="coverage"] tbody tr').first()
    expect(await today.textContent()).toContain(new Date().toISOString().slice(0, 8))
    await page.click('summary')
    expect(await page.locator('section.tall tbody tr').count()).toBeGreaterThan(0)
    await site().shoot(page, 'status-dark')
    const narrow = await site().open('/status', { width: 390, height: 844 })
    expect(await narrow.evaluate('document.documentElement.scrollWidth')).toBe(390)
    await site().shoot(narrow, 'status-390')
  })

  test('the page looks again by itself, and says when it cannot', async () => {
    const answer = (await (await fetch(`${site().url}/v1/status`)).json()) as { data: object }
    const slower = { ...answer, data: { ...answer.data, lag_p50_ms: 4321 } }
    const page = await site().open('/status')
    await page.clock.install()
    await page.reload()
    await page.route('**/v1/status', (route) => route.fulfill({ json: slower }))
    await page.clock.runFor(31_000)
    await until('it is shown', async () => (await page.textContent('#now-p50')) === '4.3 s')
    expect(await page.locator('#now-away').isVisible()).toBe(false)

    await page.route('**/v1/status', (route) => route.fulfill({ status: 429, body: '{}' }))
    await page.clock.runFor(31_000)
    const away = page.locator('#now-away')
    await until('it is said', () => away.isVisible())
    await page.unrouteAll()
    await page.clock.runFor(31_000)
    await until('it is over', async () => !(await away.isVisible()))
  })
}

let schedules = 700_000

/** Has the Worker do what is due in the minute now. */
async function lookNow({ product }: Site): Promise<void> {
  const { problem } = await product.worker.ask(`schedule ${schedules++}`, { atMs: Date.now() })
  expect(problem).toBeNull()
}

/** What is told as data. */
async function history({ url }: Site): Promise<StatusHistory> {
  const answer = await fetch(`${url}/v1/status/history?days=1`)
  return ((await answer.json()) as { data: StatusHistory }).data
}
