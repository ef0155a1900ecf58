import {
  API_VERSION,
  type Customer,
  type Endpoint,
  type Invoice,
  type Meter,
  type Price,
  type Product,
  type Refund,
  type Shown,
} from './state.ts'
import type { World } from './world.ts'

/** A customer as Stripe shows it; of one that was deleted, only that it was. */
export function showCustomer(world: World, customer: Customer): Shown {
  const { id } = customer
  if (customer.deleted) return { id, object: 'customer', deleted: true }
  return {
    id,
    object: 'customer',
    address: null,
    balance: customer.balance,
    created: customer.created,
    currency: 'usd',
    default_source: null,
    delinquent: delinquent(world, customer),
    description: customer.description,
    discount: null,
    email: customer.email,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: paymentMethodOf(customer),
      footer: null,
      rendering_options: null,
    },
    livemode: world.options.livemode,
    metadata: customer.metadata,
    name: customer.name,
    next_invoice_sequence: customer.invoices + 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: customer.testClock,
  }
}

/** The id of its card; null for none. */
export function paymentMethodOf(customer: Customer): string | null {
  return customer.card === 'none' ? null : `pm_${customer.id.slice(4)}`
}

function delinquent(world: World, { id }: Customer): boolean {
  return [...world.state.invoices.values()].some(
    (invoice) => invoice.customer === id && invoice.status === 'open' && invoice.attempts > 0,
  )
}

/** A product. */
export function showProduct(world: World, product: Product): Shown {
  return {
    id: product.id,
    object: 'product',
    active: product.active,
    created: product.created,
    default_price: null,
    description: product.description,
    images: [],
    livemode: world.options.livemode,
    marketing_features: [],
    metadata: product.metadata,
    name: product.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: product.unitLabel,
    updated: product.created,
    url: null,
  }
}

/** A price; its tiers are told only where they are asked for. */
export function showPrice(world: World, price: Price): Shown {
  const { unit, transform } = price
  return {
    id: price.id,
    object: 'price',
    active: price.active,
    billing_scheme: price.tiers === null ? 'per_unit' : 'tiered',
    created: price.created,
    currency: 'usd',
    custom_unit_amount: null,
    livemode: world.options.livemode,
    lookup_key: price.lookupKey,
    metadata: price.metadata,
    nickname: price.nickname,
    product: price.product,
    recurring: {
      interval: 'month',
      interval_count: 1,
      meter: price.meter,
      trial_period_days: null,
      usage_type: price.metered ? 'metered' : 'licensed',
    },
    tax_behavior: 'unspecified',
    tiers_mode: price.tiers === null ? null : 'graduated',
    transform_quantity: transform && { divide_by: transform.divideBy, round: transform.round },
    type: 'recurring',
    unit_amount: unit !== null && /^\d+$/.test(unit) ? Number(unit) : null,
    unit_amount_decimal: unit,
  }
}

/** A meter. */
export function showMeter(world: World, meter: Meter): Shown {
  return {
    id: meter.id,
    object: 'billing.meter',
    created: meter.created,
    customer_mapping: { event_payload_key: meter.customerKey, type: 'by_id' },
    default_aggregation: { formula: meter.formula },
    display_name: meter.displayName,
    event_name: meter.eventName,
    event_time_window: meter.window,
    livemode: world.options.livemode,
    status: meter.deactivatedAt === null ? 'active' : 'inactive',
    status_transitions: { deactivated_at: meter.deactivatedAt },
    updated: meter.created,
    value_settings: { event_payload_key: meter.valueKey },
  }
}

/** A webhook endpoint. @param withSecret only the answer that makes it has it */
export function showEndpoint(world: World, endpoint: Endpoint, withSecret = false): Shown {
  return {
    id: endpoint.id,
    object: 'webhook_endpoint',
    api_version: API_VERSION,
    application: null,
    created: endpoint.created,
    description: endpoint.description,
    enabled_events: endpoint.events,
    livemode: world.options.livemode,
    metadata: endpoint.metadata,
    status: endpoint.disabled ? 'disabled' : 'enabled',
    url: endpoint.url,
    ...(withSecret && { secret: endpoint.secret }),
  }
}

/** A destination of thin events. @param include what of it was asked for beside the rest */
export function showDestination(
  world: World,
  endpoint: Endpoint,
  include: readonly string[],
): Shown {
  const created = new Date(endpoint.created * 1000).toISOString()
  return {
    id: endpoint.id,
    object: 'v2.core.event_destination',
    created,
    description: endpoint.description ?? '',
    enabled_events: endpoint.events,
    event_payload: 'thin',
    events_from: ['self'],
    livemode: world.options.livemode,
    metadata: endpoint.metadata,
    name: endpoint.name,
    status: endpoint.disabled ? 'disabled' : 'enabled',
    type: 'webhook_endpoint',
    updated: created,
    webhook_endpoint: {
      ...(include.includes('webhook_endpoint.signing_secret') && {
        signing_secret: endpoint.secret,
      }),
      ...(include.includes('webhook_endpoint.url') && { url: endpoint.url }),
    },
  }
}

/** A refund. */
export function showRefund(world: World, refund: Refund): Shown {
  const invoice = world.state.invoices.get(refund.invoice)
  return {
    id: refund.id,
    object: 'refund',
    amount: refund.amount,
    balance_transaction: null,
    charge: `ch_${refund.invoice.slice(3)}`,
    created: refund.created,
    currency: 'usd',
    customer: invoice?.customer ?? null,
    customer_account: null,
    metadata: refund.metadata,
    payment_intent: `pi_${refund.invoice.slice(3)}`,
    payment_method: null,
    reason: refund.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  }
}

/** The charge of an invoice that was paid. */
export function showCharge(world: World, invoice: Invoice): Shown {
  return {
    id: `ch_${invoice.id.slice(3)}`,
    object: 'charge',
    amount: invoice.amountPaid,
    amount_captured: invoice.amountPaid,
    amount_refunded: invoice.refunded,
    created: invoice.paidAt,
    currency: 'usd',
    customer: invoice.customer,
    disputed: false,
    livemode: world.options.livemode,
    metadata: {},
    paid: invoice.status === 'paid',
    payment_intent: `pi_${invoice.id.slice(3)}`,
    refunded: invoice.refunded >= invoice.amountPaid && invoice.refunded > 0,
    status: 'succeeded',
  }
}

/** What pays an invoice. */
export function showPaymentIntent(world: World, invoice: Invoice): Shown {
  const paid = invoice.status === 'paid'
  return {
    id: `pi_${invoice.id.slice(3)}`,
    object: 'payment_intent',
    amount: invoice.amountPaid,
    amount_received: invoice.amountPaid,
    created: invoice.created,
    currency: 'usd',
    customer: invoice.customer,
    latest_charge: paid ? `ch_${invoice.id.slice(3)}` : null,
    livemode: world.options.livemode,
    metadata: {},
    status: paid ? 'succeeded' : 'requires_payment_method',
  }
}
