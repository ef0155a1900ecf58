import { z } from 'zod'
import type { Route } from './call.ts'
import { pageOf } from './page-of.ts'
import { expand, merged, metadata, paged, readParams, text, whole } from './params.ts'
import { found, missing, Refusal } from './refusal.ts'
import { retrieving } from './retrieving.ts'
import { showCharge, showPaymentIntent, showRefund } from './show-catalog.ts'
import { type Invoice, newId, type Refund } from './state.ts'
import type { World } from './world.ts'

const refundCreation = z.strictObject({
  charge: text.optional(),
  payment_intent: text.optional(),
  amount: whole.pipe(z.int().min(1)).optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata: metadata.optional(),
  expand,
})

/** What was paid, and what is given back of it; the types of Stripe's package say how, its schema here does not. */
export const refundRoutes: readonly Route[] = [
  retrieving('/v1/payment_intents', (world, id) =>
    showPaymentIntent(world, paidBy(world, 'payment_intent', id)),
  ),
  retrieving('/v1/charges', (world, id) => showCharge(world, paidBy(world, 'charge', id))),
  retrieving('/v1/disputes', (world, id) => found(world.state.disputes, 'dispute', id)),
  [
    'POST',
    '/v1/refunds',
    ({ world, params }) => {
      const given = readParams(refundCreation, params)
      const { charge, payment_intent } = given
      if ((charge === undefined) === (payment_intent === undefined)) {
        throw new Refusal('Give one of charge and payment_intent.', { code: 'parameter_missing' })
      }
      const invoice =
        charge === undefined
          ? paidBy(world, 'payment_intent', payment_intent ?? '', 'payment_intent')
          : paidBy(world, 'charge', charge, 'charge')
      const { amount, reason, metadata: named } = given
      const refund = refundInvoice(world, invoice, amount ?? null, reason ?? null, named ?? {})
      return showRefund(world, refund)
    },
  ],
  retrieving('/v1/refunds', (world, id) =>
    showRefund(world, found(world.state.refunds, 'refund', id)),
  ),
  [
    'GET',
    '/v1/refunds',
    ({ world, params }) => {
      const asked = readParams(
        z.strictObject({ ...paged, charge: text.optional(), payment_intent: text.optional() }),
        params,
      )
      const of = (asked.charge ?? asked.payment_intent)?.replace(/^(?:ch|pi)_/, 'in_')
      const all = [...world.state.refunds.values()].filter(
        ({ invoice }) => of === undefined || invoice === of,
      )
      return pageOf('/v1/refunds', all, asked, (each) => showRefund(world, each))
    },
  ],
]

/** Gives back what was paid of an invoice, or a part, cents. Throws a Refusal. */
export function refundInvoice(
  world: World,
  invoice: Invoice,
  asked: number | null,
  reason: string | null,
  named: Readonly<Record<string, string>>,
): Refund {
  const left = invoice.amountPaid - invoice.refunded
  if (left <= 0)
    throw new Refusal('Charge has already been refunded.', { code: 'charge_already_refunded' })
  const amount = asked ?? left
  if (amount > left) throw new Refusal('Refund amount is greater than the unrefunded amount.')
  invoice.refunded += amount
  const created = nowOf(world, invoice)
  const metadata_ = merged({}, named)
  const refund: Refund = {
    id: newId('re'),
    created,
    invoice: invoice.id,
    amount,
    reason,
    metadata: metadata_,
  }
  world.state.refunds.set(refund.id, refund)
  world.emit('charge.refunded', showCharge(world, invoice), created)
  world.emit('refund.created', showRefund(world, refund), created)
  return refund
}

function paidBy(
  world: World,
  what: 'charge' | 'payment_intent',
  id: string,
  param?: string,
): Invoice {
  const invoice = world.state.invoices.get(id.replace(/^(?:ch|pi)_/, 'in_'))
  if (invoice?.status === 'paid' && invoice.amountPaid > 0) return invoice
  throw missing(what, id, param)
}

function nowOf(world: World, { customer }: Pick<Invoice, 'customer'>): number {
  return world.nowS(world.state.customers.get(customer))
}
