import { randomBytes } from 'node:crypto'

/** The version of Stripe's API that is spoken; of no other are requests taken. */
export const API_VERSION = '2026-10-28.endive'

/** An object as Stripe shows it. */
export type Shown = { readonly [field: string]: unknown }

/** How the next charges of a customer go: `action` needs the customer, `none` is no card at all. */
export const CARDS = ['good', 'declined', 'action', 'none'] as const
export type Card = (typeof CARDS)[number]

export type Metadata = Readonly<Record<string, string>>

export type Customer = {
  readonly id: string
  readonly created: number
  email: string | null
  name: string | null
  description: string | null
  metadata: Metadata
  readonly testClock: string | null
  card: Card
  /** Cents; below 0 is what we owe it. */
  balance: number
  invoices: number
  deleted: boolean
}

export type Product = {
  readonly id: string
  readonly created: number
  name: string
  description: string | null
  active: boolean
  unitLabel: string | null
  metadata: Metadata
}

export type Tier = { readonly upTo: number | null; readonly unit: string }

export type Price = {
  readonly id: string
  readonly created: number
  readonly product: string
  active: boolean
  lookupKey: string | null
  nickname: string | null
  metadata: Metadata
  /** Cents, as a decimal; null when it is by tiers. */
  readonly unit: string | null
  readonly tiers: readonly Tier[] | null
  readonly transform: { readonly divideBy: number; readonly round: 'up' | 'down' } | null
  readonly meter: string | null
  readonly metered: boolean
}

export type Meter = {
  readonly id: string
  readonly created: number
  displayName: string
  readonly eventName: string
  readonly formula: 'sum' | 'count' | 'last'
  readonly window: 'hour' | 'day' | null
  readonly customerKey: string
  readonly valueKey: string
  deactivatedAt: number | null
}

/** A meter event that was taken in. */
export type MeterEvent = {
  readonly meter: string
  readonly customer: string
  readonly identifier: string
  readonly atS: number
  readonly value: number
  /** Later ones replace earlier ones of their window. */
  readonly order: number
}

export type Item = {
  readonly id: string
  readonly created: number
  price: string
  /** Null where it is metered. */
  quantity: number | null
  metadata: Metadata
}

export type Line = {
  readonly id: string
  amount: number
  quantity: number | null
  readonly description: string
  readonly from: number
  readonly to: number
  readonly price: string
  readonly item: string
  readonly proration: boolean
  /** Its amount is known once the invoice is final. */
  readonly metered: boolean
}

export type SubscriptionStatus =
  | 'incomplete'
  | 'incomplete_expired'
  | 'active'
  | 'past_due'
  | 'canceled'
  | 'unpaid'

export type Subscription = {
  readonly id: string
  readonly customer: string
  readonly created: number
  status: SubscriptionStatus
  readonly anchor: number
  periodStart: number
  periodEnd: number
  items: Item[]
  metadata: Metadata
  description: string | null
  cancelAtPeriodEnd: boolean
  cancelAt: number | null
  canceledAt: number | null
  endedAt: number | null
  endReason: 'cancellation_requested' | 'payment_failed' | null
  latestInvoice: string | null
  /** Prorations that its next invoice takes in. */
  pending: Line[]
  /** An update that waits for its invoice to be paid. */
  pendingUpdate: { readonly items: Item[]; readonly invoice: string; readonly until: number } | null
}

export type Invoice = {
  readonly id: string
  readonly customer: string
  readonly subscription: string
  readonly created: number
  readonly reason: 'subscription_create' | 'subscription_cycle' | 'subscription_update'
  status: 'draft' | 'open' | 'paid' | 'void' | 'uncollectible'
  lines: Line[]
  readonly periodStart: number
  readonly periodEnd: number
  finalizesAt: number | null
  finalizedAt: number | null
  paidAt: number | null
  voidedAt: number | null
  attempts: number
  nextAttempt: number | null
  number: string | null
  startingBalance: number
  amountPaid: number
  /** Refunded of what was paid, cents. */
  refunded: number
}

export type CheckoutSession = {
  readonly id: string
  readonly created: number
  customer: string | null
  readonly customerEmail: string | null
  readonly clientReferenceId: string | null
  readonly metadata: Metadata
  readonly subscriptionMetadata: Metadata
  readonly anchor: number | null
  readonly prorate: boolean
  readonly items: readonly { readonly price: string; readonly quantity: number | null }[]
  readonly successUrl: string
  readonly cancelUrl: string | null
  readonly expiresAt: number
  status: 'open' | 'complete' | 'expired'
  paymentStatus: 'paid' | 'unpaid'
  subscription: string | null
  invoice: string | null
}

/** Where events are sent: a webhook endpoint, or a destination of thin events. */
export type Endpoint = {
  readonly id: string
  readonly created: number
  url: string
  events: readonly string[]
  readonly secret: string
  readonly thin: boolean
  name: string
  description: string | null
  metadata: Metadata
  disabled: boolean
}

export type Event = {
  readonly shown: Shown
  readonly id: string
  readonly type: string
  readonly created: number
  readonly thin: boolean
  /** Endpoints that have not taken it. */
  pending: number
}

export type Refund = {
  readonly id: string
  readonly created: number
  readonly invoice: string
  readonly amount: number
  readonly reason: string | null
  readonly metadata: Metadata
}

/** All that the stand-in knows. */
export type State = {
  readonly account: string
  customers: Map<string, Customer>
  products: Map<string, Product>
  prices: Map<string, Price>
  meters: Map<string, Meter>
  meterEvents: Map<string, MeterEvent[]>
  /** When an identifier of a meter's event was taken, s. */
  identifiers: Map<string, number>
  subscriptions: Map<string, Subscription>
  invoices: Map<string, Invoice>
  sessions: Map<string, CheckoutSession>
  refunds: Map<string, Refund>
  endpoints: Map<string, Endpoint>
  events: Map<string, Event>
  /** As they are shown. */
  disputes: Map<string, Shown>
  /** Portal configurations and sessions, as they are shown. */
  portals: Map<string, Shown>
  testClocks: Map<string, { readonly created: number; name: string | null; frozen: number }>
  order: number
}

/** A state with nothing in it. */
export function emptyState(): State {
  return {
    account: newId('acct'),
    customers: new Map(),
    products: new Map(),
    prices: new Map(),
    meters: new Map(),
    meterEvents: new Map(),
    identifiers: new Map(),
    subscriptions: new Map(),
    invoices: new Map(),
    sessions: new Map(),
    refunds: new Map(),
    endpoints: new Map(),
    events: new Map(),
    disputes: new Map(),
    portals: new Map(),
    testClocks: new Map(),
    order: 0,
  }
}

/** An id that no other object has. */
export function newId(prefix: string): string {
  const letters = randomBytes(18).toString('base64url').replace(/[-_]/g, 'x')
  return `${prefix}_${letters}`
}
