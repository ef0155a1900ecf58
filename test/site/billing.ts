import { expect, test } from 'vitest'
import { until } from '../until.ts'
import { follow } from './follow.ts'
import { type SignedIn, signedIn } from './signed-in.ts'
import type { Site } from './site-rig.ts'

/** Plans, what is spent beyond them, and the end of an account, in a browser. */
export function testBilling(site: () => Site): void {
  test('a plan is subscribed to after a second thought; overage is off until it has a cap', async () => {
    const me = await signedIn(site(), { width: 390, height: 844 })
    const { page } = me
    await page.goto(`${site().url}/dashboard/billing`)
    expect(await page.textContent('main')).toContain('Free has no overage')
    await page.click('text=Subscribe to Pro')
    await page.click('text=Go on to pay')
    await page.click('text=Back')
    await page.waitForURL('**/dashboard/billing?checkout=left')
    expect(await page.textContent('[role="status"]')).toContain('Nothing was bought')
    await subscribe(site(), me, 'Starter')

    await page.fill('#cap_dollars', 'plenty')
    await page.click('text=Turn overage on')
    expect(await page.textContent('#cap_dollars-fault')).toContain('must be dollars')
    expect(await page.inputValue('#cap_dollars')).toBe('plenty')
    await site().shoot(page, 'overage-fault-390')
    await page.fill('#cap_dollars', '$20')
    await follow(page, 'text=Turn overage on')
    expect(await page.textContent('main')).toContain('$20 a month at most: 250,000 credits more')
    expect(await me.call('/account/billing')).toMatchObject({ overage: { cap_cents: 2000 } })
    await follow(page, 'text=Turn overage off')
    expect(await page.textContent('[role="status"]')).toContain('Overage is off')
    const wide = await page.evaluate('document.documentElement.scrollWidth')
    expect(wide).toBeLessThanOrEqual(390)
  })

  test('without JavaScript: up, down, out and back again, each told before it is done', async () => {
    const me = await signedIn(site(), { javaScript: false, scheme: 'dark' })
    const { page } = me
    await buyStarter(site(), me)
    await follow(page, 'text=Upgrade to Pro')
    const now = /\$[\d.]+ now/.exec((await page.textContent('main')) ?? '')?.[0]
    await page.click('button >> text=and upgrade')
    await page.waitForURL('**/dashboard/billing?change=reached')
    expect(await page.textContent('#plan-now')).toBe('Pro')
    const paid = await page.textContent('#invoices + .scroll tbody td.num')
    expect(`${paid} now`).toBe(now)

    await page.click('text=Change to Starter')
    await follow(page, 'button >> text=Change on')
    expect(await page.textContent('[role="status"]')).toContain('Starter from next month')
    await page.click('text=Stay on Pro')
    await follow(page, 'button >> text=Stay on Pro')
    expect(await page.textContent('[role="status"]')).toContain('You are on Pro')
    await page.click('text=Cancel the plan')
    await follow(page, 'button >> text=Cancel on')
    expect(await page.textContent('.card')).toContain('Free from')
    await page.click('text=Card, invoices, cancellation')
    await page.click('text=Do not cancel')
    await page.click('text=Back')
    await page.waitForURL('**/dashboard/billing?portal=left')
    await until('the plan goes on', async () => {
      await page.reload()
      return (await page.textContent('.card'))?.includes('Renews') === true
    })
    await site().shoot(page, 'billing-dark')
  })

  test('an upgrade whose card is refused waits: it can be paid, or left', async () => {
    const me = await signedIn(site())
    const { page } = me
    await buyStarter(site(), me)
    await refuseCards(site(), me)
    await page.click('text=Upgrade to Scale')
    await page.click('button >> text=and upgrade')
    await page.waitForURL('**/dashboard/billing?change=to_pay')
    expect(await page.textContent('.note')).toContain('Scale begins when its invoice is paid')
    expect(await page.getAttribute('text=Pay the invoice', 'href')).toContain('/invoice/')
    expect(await page.textContent('#plan-now')).toBe('Starter')
    await site().shoot(page, 'billing-to-pay')
    await page.click('text=Stay on Starter')
    await page.waitForURL('**/dashboard/billing?change=reached')
    expect(await page.isVisible('text=Pay the invoice')).toBe(false)
    expect(await page.textContent('main')).toContain('taken back')
  })

  test('an account is deleted by who types its address, and its keys open nothing any more', async () => {
    const { page, call, email } = await signedIn(site(), { width: 390, height: 844 })
    const { key } = (await call('/account/keys', { name: 'one', scopes: ['live'] })) as {
      key: string
    }
    await page.goto(`${site().url}/dashboard/settings`)
    await site().shoot(page, 'settings-390')
    await page.click('text=Delete the account…')
    await page.fill('#email', 'somebody@example.com')
    await page.click('text=Delete my account')
    expect(await page.textContent('#email-fault')).toContain('not the address')
    await page.fill('#email', email)
    await page.click('text=Delete my account')
    await page.waitForURL('**/dashboard/settings/deleted')
    await site().shoot(page, 'deleted-390')
    const headers = { Authorization: `Bearer ${key}` }
    const answer = await fetch(`${site().url}/v1/markets?limit=1`, { headers })
    expect(answer.status).toBe(401)
    await page.goto(`${site().url}/dashboard/settings`)
    expect(page.url()).toContain('/login?')
  })
}

/** Buys a plan on its pages and Stripe’s; the billing page is shown then. */
async function subscribe(site: Site, { page }: SignedIn, title: string): Promise<void> {
  await page.goto(`${site.url}/dashboard/billing`)
  await page.click(`text=Subscribe to ${title}`)
  await page.click('text=Go on to pay')
  await page.click('text=Pay with a card')
  await page.waitForSelector('#plan-now')
  await page.waitForLoadState()
  expect(await page.textContent('[role="status"]')).toContain(`You are on ${title}`)
}

/** Buys Starter by the routes that the pages use; the billing page is shown then. */
async function buyStarter(site: Site, { page, call }: SignedIn): Promise<void> {
  const { url } = (await call('/account/checkout', { plan: 'starter' })) as { url: string }
  await stripeDoes(site, 'pay', { session: url.split('/').at(-1), outcome: 'pay' })
  await stripeDoes(site, 'idle')
  await page.goto(`${site.url}/dashboard/billing`)
  expect(await page.textContent('#plan-now')).toBe('Starter')
}

/** Has the bank refuse the card from now on. */
async function refuseCards(site: Site, me: SignedIn): Promise<void> {
  const { invoices } = (await me.call('/account/billing')) as { invoices: { id: string }[] }
  const told = (await stripeDoes(site, 'invoices')) as {
    invoices: { id: string; customer: string }[]
  }
  const mine = told.invoices.find(({ id }) => id === invoices[0]?.id)
  await stripeDoes(site, 'card', { customer: mine?.customer, card: 'declined' })
}

async function stripeDoes(site: Site, wish: string, given: object = {}): Promise<object> {
  const url = `${site.product.stripe?.url}/_stand-in/${wish}`
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(given) })
  if (!answer.ok) throw new Error(`${wish}: ${await answer.text()}`)
  return (await answer.json()) as object
}
