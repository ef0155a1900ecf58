import { checkOut, showSession } from './checkout.ts'
import { collectInvoice } from './invoicing.ts'
import { found, Refusal } from './refusal.ts'
import { dueOf, showInvoice } from './show-invoice.ts'
import { showSubscription } from './show-subscription.ts'
import { cancelLater } from './subscription-routes.ts'
import type { World } from './world.ts'

/** What a page answers: a document, or where to go on. */
export type Page =
  | { readonly kind: 'document'; readonly status: number; readonly html: string }
  | { readonly kind: 'elsewhere'; readonly url: string }

/**
 * The pages that people see at Stripe: a checkout, the portal, an invoice.
 * @param form what a button said; null when the page is only looked at
 * @returns null for an address that is none
 */
export function pageAt(
  world: World,
  path: string,
  form: Record<string, unknown> | null,
): Page | null {
  const [, what, id = ''] = path.split('/')
  try {
    if (what === 'checkout') return checkoutPage(world, id, form)
    if (what === 'portal') return portalPage(world, id, form)
    if (what === 'invoice') return invoicePage(world, id)
    return null
  } catch (error) {
    if (error instanceof Refusal) return document(410, `<p>${escaped(error.message)}</p>`)
    throw error
  }
}

const SAYS = {
  pay: 'Pay with a card',
  later: 'Pay by bank transfer (takes days)',
  decline: 'Try a card that is declined',
  cancel: 'Back',
} as const

function checkoutPage(world: World, id: string, form: Record<string, unknown> | null): Page {
  const session = found(world.state.sessions, 'checkout.session', id)
  const outcome = Object.keys(SAYS).find((each) => each === form?.['outcome'])
  let says = ''
  if (outcome !== undefined) {
    says = checkOut(world, session, outcome as keyof typeof SAYS) ?? ''
    if (outcome === 'cancel')
      return { kind: 'elsewhere', url: session.cancelUrl ?? session.successUrl }
    if (says === '') {
      return { kind: 'elsewhere', url: session.successUrl.replace('{CHECKOUT_SESSION_ID}', id) }
    }
  }
  if (session.status !== 'open') return document(410, '<p>This checkout is not open any more.</p>')
  const amount = dollars(Number(showSession(world, session)['amount_total']))
  const names = session.items.map(({ price }) => nameOf(world, price))
  const buttons = Object.entries(SAYS).map(([value, text]) => button('outcome', value, text))
  return document(
    200,
    `<h1>Checkout</h1><p>${escaped(names.join(', '))}: ${amount} a month</p>
<p role="alert">${escaped(says)}</p><form method="post">${buttons.join('\n')}</form>`,
  )
}

function portalPage(world: World, id: string, form: Record<string, unknown> | null): Page {
  const session = found(world.state.portals, 'portal session', id)
  const customer = found(world.state.customers, 'customer', String(session['customer']))
  const mine = [...world.state.subscriptions.values()].filter(
    (each) => each.customer === customer.id && each.endedAt === null,
  )
  const invoices = [...world.state.invoices.values()].filter(
    (each) => each.customer === customer.id && each.status !== 'draft',
  )
  const atS = world.nowS(customer)
  const wish = form?.['do']
  if (wish === 'cancel' || wish === 'resume') {
    for (const each of mine) {
      cancelLater(each, wish === 'cancel' ? each.periodEnd : null, atS)
      world.emit('customer.subscription.updated', showSubscription(world, each), atS)
    }
  }
  if (wish === 'card') {
    customer.card = 'good'
    for (const each of invoices) if (each.status === 'open') collectInvoice(world, each, atS)
  }
  const lines = invoices.map(
    (each) => `<li>${escaped(each.number ?? '')} ${dollars(dueOf(each))} ${each.status}</li>`,
  )
  const subscriptions = mine.map(
    ({ items, cancelAtPeriodEnd, periodEnd }) =>
      `<li>${escaped(items.map(({ price }) => nameOf(world, price)).join(', '))}, ${
        cancelAtPeriodEnd ? 'ends' : 'renews'
      } ${new Date(periodEnd * 1000).toISOString()}</li>`,
  )
  const back = session['return_url']
  return document(
    200,
    `<h1>Billing</h1><ul>${subscriptions.join('')}</ul><ul>${lines.join('')}</ul><form method="post">
${button('do', 'card', 'Give a good card')}
${button('do', 'cancel', 'Cancel at the end of the month')}
${button('do', 'resume', 'Do not cancel')}</form>
${typeof back === 'string' ? `<a href="${escaped(back)}">Back</a>` : ''}`,
  )
}

function invoicePage(world: World, id: string): Page {
  const shown = showInvoice(world, found(world.state.invoices, 'invoice', id))
  return document(200, `<pre>${escaped(JSON.stringify(shown, null, 2))}</pre>`)
}

function nameOf(world: World, price: string): string {
  return world.state.products.get(world.state.prices.get(price)?.product ?? '')?.name ?? price
}

function button(name: string, value: string, text: string): string {
  return `<button name="${name}" value="${value}">${text}</button>`
}

function dollars(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`
}

function document(status: number, body: string): Page {
  const html = `<!doctype html><html lang="en"><title>Stripe stand-in</title><main>${body}</main></html>`
  return { kind: 'document', status, html }
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`)
}
