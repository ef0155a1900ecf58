import { expect, test } from 'vitest'
import { until } from '../until.ts'
import { signedIn } from './signed-in.ts'
import type { Site } from './site-rig.ts'

/** The page /live/{ticker}, in a browser. */
export function testLivePage(site: () => Site): void {
  const ticker = () => site().exchange.tickers()[0] ?? ''

  test('a book moves on its page, on a telephone too, and nobody is asked for a key', async () => {
    const page = await site().open(`/live/${ticker()}`, { width: 390, scheme: 'dark' })
    await page.waitForSelector('.pill.live')
    const seq = () => page.textContent('#seq')
    const first = await seq()
    await until('the book moved', async () => (await seq()) !== first)
    expect(await page.locator('#ladder tr.bid, #ladder tr.ask').count()).toBeGreaterThan(0)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await site().shoot(page, 'live-390-dark')
    await page.close()
  })

  test('a key of one’s own is taken in place of the page’s, and forgotten again', async () => {
    const page = await site().open(`/live/${ticker()}`)
    await page.click('#own')
    await page.fill('#key', 'kb_live_0000000000000000000000000000000000000a')
    await page.click('#key-form button')
    await page.waitForSelector('.pill.stopped')
    expect(await page.textContent('#why')).toContain('The key is not taken')
    await page.click('#forget')
    await page.waitForSelector('.pill.live')
    await page.click('#own')
    await page.fill('#key', site().product.apiKey)
    await page.click('#key-form button')
    await page.waitForSelector('#forget:not([hidden])')
    await page.waitForSelector('.pill.live')
    await site().shoot(page, 'live')
    await page.close()
  })

  test('whoever is signed in sees a book by the account’s own key', async () => {
    const { page } = await signedIn(site())
    const tickets = page.waitForRequest(/\/v1\/stream\/tickets$/)
    await page.goto(`${site().url}/live/${ticker()}`)
    await page.waitForSelector('.pill.live')
    expect((await tickets).postData()).toContain(ticker())
    await page.close()
  })
}
