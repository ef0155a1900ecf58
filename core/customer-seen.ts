import type { Micros } from './instant.ts'
import type { PlanName } from './plan.ts'

/** A subscription as Stripe tells it, in our words. */
export type SubscriptionSeen = {
  readonly id: string
  readonly status: string
  readonly createdUs: Micros
  readonly endedUs: Micros | null
  /** When it will end by itself; null when it goes on. */
  readonly cancelAtUs: Micros | null
  readonly fromUs: Micros
  readonly toUs: Micros
  /** The item of a monthly price; null when it has none of ours. */
  readonly month: { readonly item: string; readonly plan: PlanName } | null
  readonly overage: readonly {
    readonly item: string
    readonly plan: PlanName
    readonly createdUs: Micros
  }[]
  /** A larger plan whose invoice is to be paid first. */
  readonly pending: boolean
}

/** What an invoice says of a month's price; below 0 where it is given back. */
export type InvoiceLine = {
  readonly plan: PlanName
  readonly cents: number
  readonly fromUs: Micros
  readonly toUs: Micros
}

/** An invoice as Stripe tells it, in our words. */
export type InvoiceSeen = {
  readonly id: string
  readonly subscription: string | null
  readonly reason: 'create' | 'update' | 'cycle' | 'other'
  readonly status: 'draft' | 'open' | 'paid' | 'void' | 'uncollectible'
  readonly createdUs: Micros
  /** Whether it was tried to be paid. */
  readonly attempted: boolean
  readonly paidCents: number
  readonly finalizedUs: Micros | null
  readonly paidUs: Micros | null
  /** When it was voided or given up. */
  readonly lostUs: Micros | null
  readonly lines: readonly InvoiceLine[]
}

/** All of a customer that Stripe knows. */
export type CustomerSeen = {
  /** The newest first. */
  readonly subscriptions: readonly SubscriptionSeen[]
  readonly invoices: readonly InvoiceSeen[]
}
