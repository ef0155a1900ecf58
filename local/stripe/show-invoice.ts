import { listOf } from './show-subscription.ts'
import type { Invoice, Line, Shown } from './state.ts'
import { tellUsage } from './usage.ts'
import type { World } from './world.ts'

/** The sum of its lines, cents. */
export function totalOf({ lines }: Pick<Invoice, 'lines'>): number {
  return lines.reduce((sum, { amount }) => sum + amount, 0)
}

/** What is to be paid of it, cents: what we owe the customer is taken off. */
export function dueOf(invoice: Pick<Invoice, 'lines' | 'startingBalance'>): number {
  return Math.max(0, totalOf(invoice) + invoice.startingBalance)
}

/** An invoice with all its lines; a draft with the usage as it is now. */
export function showInvoice(world: World, invoice: Invoice): Shown {
  tellUsage(world, invoice)
  const { id, status } = invoice
  const customer = world.state.customers.get(invoice.customer)
  const subscription = world.state.subscriptions.get(invoice.subscription)
  const [total, due] = [totalOf(invoice), dueOf(invoice)]
  const details = {
    metadata: subscription?.metadata ?? {},
    subscription: invoice.subscription,
  }
  return {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: null,
    account_tax_ids: null,
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: invoice.amountPaid,
    amount_remaining: due - invoice.amountPaid,
    amount_shipping: 0,
    application: null,
    attempt_count: invoice.attempts,
    attempted: invoice.attempts > 0,
    auto_advance: invoice.finalizesAt !== null || invoice.nextAttempt !== null,
    automatic_tax: {
      disabled_reason: null,
      enabled: false,
      liability: null,
      provider: null,
      status: null,
    },
    automatically_finalizes_at: status === 'draft' ? invoice.finalizesAt : null,
    billing_reason: invoice.reason,
    collection_method: 'charge_automatically',
    created: invoice.created,
    currency: 'usd',
    custom_fields: null,
    customer: invoice.customer,
    customer_account: null,
    customer_address: null,
    customer_email: customer?.email ?? null,
    customer_name: customer?.name ?? null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: invoice.finalizedAt,
    ending_balance:
      invoice.finalizedAt === null ? null : Math.min(0, total + invoice.startingBalance),
    footer: null,
    from_invoice: null,
    hosted_invoice_url: status === 'draft' ? null : `${world.url}/invoice/${id}`,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: listOf(
      `/v1/invoices/${id}/lines`,
      invoice.lines.map((line) => showLine(world, invoice, line)),
    ),
    livemode: world.options.livemode,
    metadata: {},
    next_payment_attempt: status === 'draft' ? invoice.finalizesAt : invoice.nextAttempt,
    number: invoice.number,
    on_behalf_of: null,
    parent: { quote_details: null, subscription_details: details, type: 'subscription_details' },
    payment_settings: {
      default_mandate: null,
      payment_method_options: null,
      payment_method_types: null,
    },
    period_end: invoice.periodEnd,
    period_start: invoice.periodStart,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: invoice.startingBalance,
    statement_descriptor: null,
    status,
    status_transitions: {
      finalized_at: invoice.finalizedAt,
      marked_uncollectible_at: null,
      paid_at: invoice.paidAt,
      voided_at: invoice.voidedAt,
    },
    subtotal: total,
    subtotal_excluding_tax: total,
    test_clock: customer?.testClock ?? null,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: invoice.created,
  }
}

/** What was paid of an invoice, as `payments` of it when that is expanded. */
export function showPayments(world: World, invoice: Invoice): Shown {
  const paid = invoice.status === 'paid' && invoice.amountPaid > 0
  const payment = {
    id: `inpay_${invoice.id.slice(3)}`,
    object: 'invoice_payment',
    amount_paid: invoice.amountPaid,
    amount_requested: dueOf(invoice),
    created: invoice.created,
    currency: 'usd',
    invoice: invoice.id,
    is_default: true,
    livemode: world.options.livemode,
    payment: { payment_intent: `pi_${invoice.id.slice(3)}`, type: 'payment_intent' },
    status: paid ? 'paid' : 'open',
    status_transitions: { canceled_at: null, paid_at: invoice.paidAt },
  }
  const there = paid || (invoice.status === 'open' && dueOf(invoice) > 0)
  return listOf('/v1/invoice_payments', there ? [payment] : [])
}

function showLine(world: World, invoice: Invoice, line: Line): Shown {
  const price = world.state.prices.get(line.price)
  const details = {
    invoice_item: null,
    proration: line.proration,
    proration_details: line.proration ? { credited_items: null } : null,
    subscription: invoice.subscription,
    subscription_item: line.item,
  }
  return {
    id: line.id,
    object: 'line_item',
    amount: line.amount,
    currency: 'usd',
    description: line.description,
    discount_amounts: [],
    discountable: false,
    discounts: [],
    invoice: invoice.id,
    livemode: world.options.livemode,
    metadata: {},
    parent: {
      invoice_item_details: null,
      subscription_item_details: details,
      type: 'subscription_item_details',
    },
    period: { end: line.to, start: line.from },
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: line.price, product: price?.product ?? '' },
      type: 'price_details',
      unit_amount_decimal: price?.unit ?? null,
    },
    quantity: line.quantity,
    quantity_decimal: line.quantity === null ? null : String(line.quantity),
    subscription: invoice.subscription,
    subtotal: line.amount,
    taxes: [],
  }
}
