import type { Page } from 'playwright-core'

/** Clicks on what leads to another page, and waits until all of that is there: a click waits for its beginning alone. */
export async function follow(page: Page, what: string): Promise<void> {
  await page.click(what)
  await page.waitForLoadState()
}
