import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { PersonSteps } from '../../local/person-steps.ts'
import { follow } from './follow.ts'
import { PASSWORD, signedIn } from './signed-in.ts'
import type { Site } from './site-rig.ts'

const KEY = /^kb_live_[0-9A-Za-z]{38}$/

/** Keys, from the first one to the last, in a browser. */
export function testKeys(site: () => Site): void {
  test('from the landing page to the first call in less than a minute; then usage appears, and what is paid for raises the limits', async () => {
    const email = 'first-call@example.com'
    const page = await site().open('/')
    const steps = new PersonSteps(page)
    await steps.press('header a[href="/signup"]', '#email')
    await steps.fill('#email', email)
    await steps.fill('#password', PASSWORD)
    await steps.press('main form button', 'text=first-call@example.com')
    await steps.press('the link in the mail', 'main form button', async () => {
      await page.goto(await site().linkTo(email))
    })
    await steps.press('main form button', 'text=Make my key')
    await steps.press('text=Make my key', '#try-button:visible')
    const key = await keyOn(page)
    await steps.press('#try-button', '#try-answer:visible')
    expect(await page.textContent('#try-said')).toMatch(/^200 OK in \d+ ms, 1 credit$/)
    expect(await page.textContent('#try-answer')).toContain('"ticker"')
    const { presses, fields, waitedMs } = steps
    expect([presses, fields]).toEqual([6, 2])
    expect(steps.personMs, `${Math.round(waitedMs)} ms of it waited`).toBeLessThan(60_000)

    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    // It says so for a moment alone.
    const copied = page.waitForSelector('text=Copied')
    await Promise.all([copied, page.click('[data-copies="new-key"]')])
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key)

    // The key is in no address and in nothing that the browser keeps.
    expect(page.url()).toBe(`${site().url}/dashboard/keys`)
    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')
    expect(kept).toBe('[{},{}]')
    await site().shoot(page, 'key-made')

    await follow(page, 'text=I have kept it')
    expect(await page.content()).not.toContain(key)
    expect(await page.textContent('td[data-label="Used this month"]')).toBe('1')
    expect(await limits(site(), key)).toMatchObject({
      plan: 'free',
      requests: { per_second: 5 },
      credits: { used: 1 },
    })

    await page.click('.tabs >> text=Billing')
    await follow(page, 'text=Subscribe to Starter')
    expect(await page.textContent('main')).toMatch(/\$\d+(?:\.\d\d)? now/)
    await page.click('text=Go on to pay')
    await page.click('text=Pay with a card')
    await page.waitForSelector('#plan-now')
    expect(await page.textContent('#plan-now')).toBe('Starter')
    expect(await limits(site(), key)).toMatchObject({
      plan: 'starter',
      requests: { per_second: 25 },
      credits: { used: 1 },
    })
    await site().shoot(page, 'billing-bought')
  })

  test('by keyboard alone, on a narrow screen: a key of one’s own choice, its successor, and the end of both', async () => {
    const { page, call } = await signedIn(site(), { width: 390, height: 844, scheme: 'dark' })
    await call('/account/keys', { name: 'first', scopes: ['live'] })
    await page.goto(`${site().url}/dashboard/keys`)
    await tabTo(page, '#name')
    await page.keyboard.type('backtest <i>')
    await tabTo(page, '[name="scope_live"]')
    await page.keyboard.press('Space')
    await tabTo(page, 'summary >> text=Limits')
    await page.keyboard.press('Enter')
    await tabTo(page, '#month_cap')
    await page.keyboard.type('many')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#month_cap-fault')
    expect(await page.inputValue('#name')).toBe('backtest <i>')
    expect(await page.isChecked('[name="scope_live"]')).toBe(false)
    await site().shoot(page, 'keys-fault-390-dark')
    await page.locator('#month_cap').focus()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('5,000')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#try-button:visible')
    const before = await keyOn(page)
    expect(await statusOf(site(), before)).toBe(200)

    await tabTo(page, 'text=I have kept it')
    await page.keyboard.press('Enter')
    await tabTo(page, 'a >> text=backtest')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#overlap_hours')
    expect(await page.inputValue('#month_cap')).toBe('5000')
    await site().shoot(page, 'key-390-dark')
    await tabTo(page, '#overlap_hours')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#try-button:visible')
    const successor = await keyOn(page)
    expect(await page.textContent('main')).toContain('The key before it')
    expect([await statusOf(site(), before), await statusOf(site(), successor)]).toEqual([200, 200])

    await tabTo(page, 'text=I have kept it')
    await page.keyboard.press('Enter')
    await tabTo(page, 'a >> text=backtest')
    await page.keyboard.press('Enter')
    await tabTo(page, 'text=Revoke…')
    await page.keyboard.press('Enter')
    await tabTo(page, 'text=Revoke it now')
    await page.keyboard.press('Enter')
    await page.waitForSelector('text=The key is revoked')
    expect([await statusOf(site(), before), await statusOf(site(), successor)]).toEqual([200, 401])
    const wide = await page.evaluate('document.documentElement.scrollWidth')
    expect(wide).toBeLessThanOrEqual(390)
  })

  test('without JavaScript: a first key, its cap, and its end', async () => {
    const { page } = await signedIn(site(), { javaScript: false })
    await page.goto(`${site().url}/dashboard/keys?first=1`)
    await page.click('text=Make my key')
    const key = await keyOn(page)
    expect(await page.isVisible('#try')).toBe(false)
    expect(await page.textContent('#curl')).toContain(`Bearer ${key}`)
    expect(await statusOf(site(), key)).toBe(200)
    await page.click('text=I have kept it')
    await page.click('td a')
    await page.fill('#month_cap', '0')
    await page.click('text=Set the cap')
    expect(await page.textContent('[role="status"]')).toContain('The cap is set')
    expect(await statusOf(site(), key)).toBe(402)
    await page.click('text=Revoke…')
    await page.click('text=Revoke it now')
    expect(await statusOf(site(), key)).toBe(401)
  })
}

async function keyOn(page: Page): Promise<string> {
  const key = (await page.textContent('#new-key')) ?? ''
  expect(key).toMatch(KEY)
  return key
}

/** Presses Tab until an element has the focus, which may be of a page that is still to come. */
async function tabTo(page: Page, what: string): Promise<void> {
  await page.locator(what).first().waitFor()
  await page.waitForLoadState()
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab')
    const there = await page.locator(':focus').and(page.locator(what)).count()
    if (there > 0) return
  }
  throw new Error(`Tab does not lead to ${what}`)
}

async function statusOf(site: Site, key: string): Promise<number> {
  const headers = { Authorization: `Bearer ${key}` }
  const answer = await fetch(`${site.url}/v1/markets?limit=1`, { headers })
  await answer.body?.cancel()
  return answer.status
}

async function limits(site: Site, key: string): Promise<object> {
  const headers = { Authorization: `Bearer ${key}` }
  const answer = await fetch(`${site.url}/v1/limits`, { headers })
  return ((await answer.json()) as { data: object }).data
}
