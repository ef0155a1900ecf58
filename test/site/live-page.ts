import { expect, test } from 'vitest'
import { until } from '../until.ts'
import type { Site } from './site-rig.ts'

/** The page /live/{ticker}, in a browser. */
export function testLivePage(site: () => Site): void {
  test('a book moves on its page', async () => {
    const [ticker = ''] = site().exchange.tickers()
    const page = await site().open(`/live/${ticker}`)
    await page.fill('#key', site().product.apiKey)
    await page.click('#key-form button')
    await page.waitForSelector('.pill.live')
    const seq = () => page.textContent('#seq')
    const first = await seq()
    await until('the book moved', async () => (await seq()) !== first)
    expect(await page.locator('#bids tr, #asks tr').count()).toBeGreaterThan(0)
    await site().shoot(page, 'live')
  })
}
