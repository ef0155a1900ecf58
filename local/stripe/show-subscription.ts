import { paymentMethodOf, showPrice } from './show-catalog.ts'
import type { Item, Shown, Subscription } from './state.ts'
import type { World } from './world.ts'

/** A list as Stripe answers one. */
export function listOf(url: string, data: readonly Shown[], hasMore = false): Shown {
  return { object: 'list', data, has_more: hasMore, url }
}

/** A subscription with its items. */
export function showSubscription(world: World, subscription: Subscription): Shown {
  const { id, items, endedAt, canceledAt, pendingUpdate } = subscription
  const customer = world.state.customers.get(subscription.customer)
  const shown = items.map((item) => showItem(world, subscription, item))
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: subscription.anchor,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: subscription.cancelAt,
    cancel_at_period_end: subscription.cancelAtPeriodEnd,
    canceled_at: canceledAt,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      reason: subscription.endReason,
    },
    collection_method: 'charge_automatically',
    created: subscription.created,
    currency: 'usd',
    customer: subscription.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: customer === undefined ? null : paymentMethodOf(customer),
    default_source: null,
    default_tax_rates: [],
    description: subscription.description,
    discounts: [],
    ended_at: endedAt,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: {
      ...listOf(`/v1/subscription_items?subscription=${id}`, shown),
      total_count: shown.length,
    },
    latest_invoice: subscription.latestInvoice,
    livemode: world.options.livemode,
    managed_payments: { enabled: false },
    metadata: subscription.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: pendingUpdate && {
      billing_cycle_anchor: null,
      cancel_at_period_end: null,
      discount: null,
      discounts: null,
      expires_at: pendingUpdate.until,
      metadata: null,
      subscription_items: pendingUpdate.items.map((item) => showItem(world, subscription, item)),
      trial_end: null,
      trial_from_plan: null,
    },
    schedule: null,
    start_date: subscription.created,
    status: subscription.status,
    test_clock: customer?.testClock ?? null,
    transfer_data: null,
    trial_end: null,
    trial_settings: {
      end_behavior: { billing_cycle_anchor: null, missing_payment_method: 'create_invoice' },
    },
    trial_start: null,
  }
}

/** An item of a subscription. */
export function showItem(world: World, subscription: Subscription, item: Item): Shown {
  const price = world.state.prices.get(item.price)
  return {
    id: item.id,
    object: 'subscription_item',
    billing_thresholds: null,
    created: item.created,
    current_period_end: subscription.periodEnd,
    current_period_start: Math.max(subscription.periodStart, item.created),
    current_trial: null,
    discounts: [],
    metadata: item.metadata,
    plan: { id: item.price, object: 'plan' },
    price: price === undefined ? null : showPrice(world, price),
    ...(item.quantity !== null && { quantity: item.quantity }),
    subscription: subscription.id,
    tax_rates: [],
  }
}
