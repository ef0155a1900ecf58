import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Site } from './site-rig.ts'

const PASSWORD = 'a long enough word'

/** Sign-up, sign-in and what becomes of both, in a browser. */
export function testPeople(site: () => Site): void {
  test('somebody signs up by keyboard alone, follows the link, and is led to the first key', async () => {
    const email = 'keys-only@example.com'
    const page = await site().open('/signup', { width: 390, height: 844 })
    await site().shoot(page, 'signup-390')
    await page.focus('#email')
    await page.keyboard.type(email)
    await page.keyboard.press('Tab')
    await page.keyboard.type('short')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('password')
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/signup/sent')
    expect(await page.textContent('main')).toContain(email)
    await site().shoot(page, 'signup-sent-390')
    await page.goto(await site().linkTo(email))
    await site().shoot(page, 'confirm-390')
    await page.keyboard.press('Tab')
    await tabTo(page, 'Sign in', 'button')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/dashboard/keys?first=1')
    expect(await noWider(page)).toBe(true)
  })
}

/** Presses Tab until something of that name is reached. */
async function tabTo(page: Page, name: string, kind: string): Promise<void> {
  for (let tabs = 0; tabs < 30; tabs++) {
    const at = await page.evaluate(
      '[document.activeElement.localName, document.activeElement.textContent].join(" ")',
    )
    if (at === `${kind} ${name}`) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${name}`)
}

/** Whether nothing sticks out to the right. */
function noWider(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth <= innerWidth')
}
