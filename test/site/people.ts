import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { until } from '../until.ts'
import type { Site } from './site-rig.ts'

const PASSWORD = 'a long enough word'

/** Sign-up, sign-in and what becomes of both, in a browser. */
export function testPeople(site: () => Site): void {
  test('by keyboard alone, on a narrow screen: signed up, confirmed, and led to the first key', async () => {
    const email = 'keyboard@example.com'
    const page = await site().open('/signup', { width: 390, height: 844 })
    await tabTo(page, 'input', 'email')
    await page.keyboard.type(email)
    await page.keyboard.press('Tab')
    await page.keyboard.type('short')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('password')
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/signup/sent')
    expect(await page.textContent('main')).toContain(email)
    await look(site(), page, 'signup-sent-390')
    await page.goto(await site().linkTo(email))
    await look(site(), page, 'confirm-390')
    await tabTo(page, 'button', 'Sign in')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/dashboard/keys?first=1')
  })

  test('without JavaScript: signed up, out, in again, by a link, and by a new password', async () => {
    const email = 'no-script@example.com'
    const page = await site().open('/signup', { javaScript: false, scheme: 'dark' })
    await fill(page, { email, password: PASSWORD })
    await page.click('main button')
    await page.goto(await site().linkTo(email))
    const usedLink = page.url()
    await page.click('main button')
    await page.waitForURL('**/dashboard/keys?first=1')

    await page.goto(`${site().url}/sign-out`)
    expect(await page.textContent('main')).toContain(email)
    await page.click('main button')
    expect(await page.textContent('h1')).toBe('You are signed out')

    await page.goto(`${site().url}/login?next=/account/password&why=needed`)
    await fill(page, { email, password: 'not this one' })
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await page.inputValue('#email')).toBe(email)
    expect(await page.textContent('#password-fault')).toContain('do not belong together')
    await look(site(), page, 'login-wrong-dark')
    await page.fill('#password', PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/account/password')
    await look(site(), page, 'password-dark')
    await page.fill('#password', `${PASSWORD}, and another`)
    await page.click('main button')
    expect(await page.textContent('h1')).toBe('Your password is set')

    await page.goto(usedLink)
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await page.textContent('.note')).toContain(`You are signed in as ${email} already`)
    await page.context().clearCookies()
    await page.goto(usedLink)
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await page.textContent('h1')).toBe('This link is used or too old')
    await look(site(), page, 'used-link-dark')
    await page.fill('#email', email)
    await page.click('main button')
    await page.waitForURL('**/login/sent')
    await page.goto(await newestLinkTo(site(), email, usedLink))
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/dashboard')
  })

  test('a session that is over leads to sign-in and back; a forgotten password by way of a mail', async () => {
    const email = 'forgetful@example.com'
    const context = await site().visitor()
    const page = await context.newPage()
    await page.goto(`${site().url}/signup`)
    await look(site(), page, 'signup')
    await fill(page, { email, password: PASSWORD })
    await page.click('main button')
    const first = await site().linkTo(email)
    await page.goto(first)
    await page.click('main button')
    await page.waitForURL('**/dashboard/keys?first=1')

    const cookies = await context.cookies()
    await context.clearCookies()
    await context.addCookies(
      cookies.map((cookie) => ({ ...cookie, value: cookie.value.replace(/./, 'x') })),
    )
    await page.goto(`${site().url}/account/password`)
    await page.waitForURL('**/login?**')
    expect(await page.textContent('.note')).toContain('Your session is over')
    await look(site(), page, 'login-ended')
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.fill('#email', email)
    await page.click('main button')
    await page.waitForURL('**/reset/sent')
    await page.goto(await newestLinkTo(site(), email, first))
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.waitForURL('**/account/password?**')
    await page.fill('#password', PASSWORD)
    await page.click('main button')
    expect(await page.textContent('#password-fault')).toBe('This must be another than before.')
    await page.fill('#password', 'the new word of mine')
    await page.click('main button')
    await page.getByRole('link', { name: 'Go on' }).click()
    await page.waitForURL('**/dashboard')
  })
}

/** Keeps a picture of a page, on which nothing sticks out to the right. */
async function look(site: Site, page: Page, name: string): Promise<void> {
  // A page has no shape before its style is there.
  await page.waitForLoadState()
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  await site.shoot(page, name)
}

/** The link of a mail to an address that came after an earlier one. */
async function newestLinkTo(site: Site, email: string, earlier: string): Promise<string> {
  let link = earlier
  await until('another mail was sent', async () => {
    const outbox = await fetch(`${site.product.supabase?.url}/outbox?email=${email}`)
    link = ((await outbox.json()) as { link: string }[]).at(-1)?.link ?? earlier
    return link !== earlier
  })
  return link
}

async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.fill(`#${name}`, value)
}

/** Presses Tab until an element of that id or text is reached. */
async function tabTo(page: Page, kind: string, name: string): Promise<void> {
  const here = '(({ localName, id, textContent }) => [localName, id, textContent])'
  for (let tabs = 0; tabs < 30; tabs++) {
    const [at, ...names] = await page.evaluate<string[]>(`${here}(document.activeElement)`)
    if (at === kind && names.includes(name)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${name}`)
}
