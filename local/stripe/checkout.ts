import { amountOf } from './amount.ts'
import { collectInvoice, payInvoice } from './invoicing.ts'
import { newItem, priceFor } from './item-changes.ts'
import { found, Refusal } from './refusal.ts'
import { showPrice } from './show-catalog.ts'
import { listOf } from './show-subscription.ts'
import type { CheckoutSession, Customer, Invoice, Shown } from './state.ts'
import { newId } from './state.ts'
import { subscribe } from './subscribing.ts'
import type { World } from './world.ts'

/** What a person may do on the page of a checkout; `later` is a way to pay that takes days. */
export const OUTCOMES = ['pay', 'decline', 'cancel', 'later', 'expire'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** A checkout as Stripe shows it. */
export function showSession(world: World, session: CheckoutSession): Shown {
  const customer = world.state.customers.get(session.customer ?? '')
  const amount = sumOf(world, session)
  return {
    id: session.id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: amount,
    amount_total: amount,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: session.cancelUrl,
    client_reference_id: session.clientReferenceId,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: session.created,
    currency: 'usd',
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer: session.customer,
    customer_account: null,
    customer_creation: session.customerEmail === null ? null : 'always',
    customer_details:
      session.status === 'complete'
        ? {
            address: null,
            business_name: null,
            email: customer?.email ?? null,
            individual_name: null,
            name: customer?.name ?? null,
            phone: null,
            tax_exempt: 'none',
            tax_ids: [],
          }
        : null,
    customer_email: session.customerEmail,
    discounts: [],
    expires_at: session.expiresAt,
    integration_identifier: null,
    invoice: session.invoice,
    invoice_creation: null,
    livemode: world.options.livemode,
    locale: null,
    managed_payments: null,
    metadata: session.metadata,
    mode: 'subscription',
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'always',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: session.paymentStatus,
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: session.status,
    submit_type: null,
    subscription: session.subscription,
    success_url: session.successUrl,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: session.status === 'open' ? `${world.url}/checkout/${session.id}` : null,
    wallet_options: null,
  }
}

/** The prices that a checkout is about. */
export function showSessionLines(world: World, session: CheckoutSession): Shown {
  const data = session.items.map(({ price: id, quantity }) => {
    const price = found(world.state.prices, 'price', id)
    const amount = amountOf(price, quantity ?? 0)
    return {
      id: `li_${id.slice(6)}`,
      object: 'item',
      adjustable_quantity: null,
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      currency: 'usd',
      description: world.state.products.get(price.product)?.name ?? null,
      metadata: {},
      price: showPrice(world, price),
      quantity,
    }
  })
  return listOf(`/v1/checkout/sessions/${session.id}/line_items`, data)
}

function sumOf(world: World, { items }: CheckoutSession): number {
  return items.reduce((sum, { price, quantity }) => {
    return sum + amountOf(found(world.state.prices, 'price', price), quantity ?? 0)
  }, 0)
}

/**
 * Does what a person chose on the page of a checkout that is open.
 * @returns what the page says when it stays, null when it is left
 * Throws a Refusal when it is open no more.
 */
export function checkOut(world: World, session: CheckoutSession, outcome: Outcome): string | null {
  const atS = world.nowS(world.state.customers.get(session.customer ?? ''))
  if (session.status !== 'open') throw new Refusal('This checkout is not open any more.')
  if (outcome === 'cancel') return null
  if (outcome === 'decline') return 'Your card was declined.'
  if (outcome === 'expire') {
    expireSession(world, session, atS)
    return null
  }
  const paid = outcome === 'pay'
  const customer = customerOf(world, session, atS)
  customer.card = 'good'
  const items = session.items.map(({ price, quantity }) =>
    newItem(priceFor(world, price, 'price'), quantity ?? undefined, {}, atS, 'quantity'),
  )
  const subscription = subscribe(
    world,
    {
      customer,
      items,
      anchor: session.anchor !== null && session.anchor > atS ? session.anchor : null,
      prorate: session.prorate,
      metadata: session.subscriptionMetadata,
      description: null,
      collect: paid,
      trusted: !paid,
    },
    atS,
  )
  session.status = 'complete'
  session.paymentStatus = paid ? 'paid' : 'unpaid'
  session.customer = customer.id
  session.subscription = subscription.id
  session.invoice = subscription.latestInvoice
  world.emit('checkout.session.completed', showSession(world, session), atS)
  return null
}

function customerOf(world: World, session: CheckoutSession, atS: number): Customer {
  const there = world.state.customers.get(session.customer ?? '')
  if (there !== undefined) return there
  const customer: Customer = {
    id: newId('cus'),
    created: atS,
    email: session.customerEmail,
    name: null,
    description: null,
    metadata: {},
    testClock: null,
    card: 'good',
    balance: 0,
    invoices: 0,
    deleted: false,
  }
  world.state.customers.set(customer.id, customer)
  return customer
}

/** Ends the wait of a checkout that was completed without being paid. Throws a Refusal when it does not wait. */
export function settleSession(world: World, session: CheckoutSession, ok: boolean): void {
  const invoice: Invoice | undefined = world.state.invoices.get(session.invoice ?? '')
  const atS = world.nowS(world.state.customers.get(session.customer ?? ''))
  if (session.paymentStatus !== 'unpaid' || invoice?.status !== 'open') {
    throw new Refusal('This checkout waits for no payment.')
  }
  if (ok) {
    payInvoice(world, invoice, atS)
    session.paymentStatus = 'paid'
  } else {
    const customer = world.state.customers.get(invoice.customer)
    if (customer !== undefined) customer.card = 'declined'
    collectInvoice(world, invoice, atS)
  }
  const type = ok ? 'async_payment_succeeded' : 'async_payment_failed'
  world.emit(`checkout.session.${type}`, showSession(world, session), atS)
}

/** Closes a checkout that was not completed. */
export function expireSession(world: World, session: CheckoutSession, atS: number): void {
  session.status = 'expired'
  world.emit('checkout.session.expired', showSession(world, session), atS)
}
