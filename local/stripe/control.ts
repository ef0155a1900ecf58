import { z } from 'zod'
import { checkOut, OUTCOMES, settleSession } from './checkout.ts'
import { doDue } from './due.ts'
import { type FaultPlan, faultPlan } from './faults.ts'
import { payInvoice } from './invoicing.ts'
import { report } from './meters.ts'
import { refundInvoice } from './refund-routes.ts'
import { found, Refusal } from './refusal.ts'
import { showInvoice } from './show-invoice.ts'
import { showSubscription } from './show-subscription.ts'
import { CARDS, newId, type Shown } from './state.ts'
import { cancelLater } from './subscription-routes.ts'
import type { World } from './world.ts'

/** What a person, a bank or time itself does, where Stripe's API has no call for it. */
export const wishes = {
  clock: z.union([
    z.strictObject({ toS: z.int().min(0) }),
    z.strictObject({ real: z.literal(true) }),
  ]),
  faults: faultPlan,
  events: z.strictObject({ type: z.string().optional() }),
  card: z.strictObject({ customer: z.string(), card: z.enum(CARDS) }),
  pay: z.strictObject({ session: z.string(), outcome: z.enum(OUTCOMES) }),
  settle: z.strictObject({ session: z.string(), ok: z.boolean() }),
  payInvoice: z.strictObject({ invoice: z.string() }),
  dispute: z.strictObject({ invoice: z.string() }),
  closeDispute: z.strictObject({ dispute: z.string(), status: z.enum(['won', 'lost']) }),
  refund: z.strictObject({ invoice: z.string(), amount: z.int().min(1).optional() }),
  portal: z.strictObject({ subscription: z.string(), do: z.enum(['cancel', 'resume']) }),
  thin: z.strictObject({
    meter: z.string(),
    code: z.string(),
    identifier: z.string(),
    customer: z.string().optional(),
  }),
  invoices: z.strictObject({}),
} as const
export type Wish = keyof typeof wishes

/** Does what a wish says. @returns what is told of it. Throws a Refusal, or a ZodError for what is not such a wish. */
export function fulfil(
  world: World,
  setFaults: (plan: FaultPlan) => void,
  wish: Wish,
  given: unknown,
): object {
  const { state } = world
  const invoiceOf = (id: string) => found(state.invoices, 'invoice', id)
  const nowOf = (customer: string | null) => world.nowS(state.customers.get(customer ?? ''))
  switch (wish) {
    case 'clock': {
      const asked = wishes.clock.parse(given)
      if ('toS' in asked) {
        doDue(world, null, asked.toS)
        world.freeze(asked.toS)
      } else world.freeze(null)
      return { nowS: world.nowS() }
    }
    case 'faults':
      setFaults(wishes.faults.parse(given))
      return {}
    case 'events': {
      const { type } = wishes.events.parse(given)
      const all = [...state.events.values()]
      return {
        events: all
          .filter((each) => type === undefined || each.type === type)
          .map(({ shown }) => shown),
      }
    }
    case 'invoices':
      return { invoices: [...state.invoices.values()].map((each) => showInvoice(world, each)) }
    case 'card': {
      const { customer, card } = wishes.card.parse(given)
      found(state.customers, 'customer', customer).card = card
      return {}
    }
    case 'pay': {
      const { session, outcome } = wishes.pay.parse(given)
      const one = found(state.sessions, 'checkout.session', session)
      return { says: checkOut(world, one, outcome), subscription: one.subscription }
    }
    case 'settle': {
      const { session, ok } = wishes.settle.parse(given)
      settleSession(world, found(state.sessions, 'checkout.session', session), ok)
      return {}
    }
    case 'payInvoice': {
      const invoice = invoiceOf(wishes.payInvoice.parse(given).invoice)
      if (invoice.status !== 'open') throw new Refusal('Only open invoices can be paid.')
      payInvoice(world, invoice, nowOf(invoice.customer))
      return {}
    }
    case 'dispute': {
      const invoice = invoiceOf(wishes.dispute.parse(given).invoice)
      const atS = nowOf(invoice.customer)
      const dispute = disputeOf(world, invoice.id, invoice.amountPaid, atS)
      state.disputes.set(String(dispute['id']), dispute)
      world.emit('charge.dispute.created', dispute, atS)
      return { dispute: dispute['id'] }
    }
    case 'closeDispute': {
      const { dispute: id, status } = wishes.closeDispute.parse(given)
      const dispute = { ...found(state.disputes, 'dispute', id), status }
      state.disputes.set(id, dispute)
      world.emit('charge.dispute.closed', dispute, world.nowS())
      return {}
    }
    case 'refund': {
      const { invoice, amount } = wishes.refund.parse(given)
      return { refund: refundInvoice(world, invoiceOf(invoice), amount ?? null, null, {}).id }
    }
    case 'portal': {
      const { subscription: id, do: what } = wishes.portal.parse(given)
      const one = found(state.subscriptions, 'subscription', id)
      const atS = nowOf(one.customer)
      if (one.endedAt !== null) throw new Refusal('It has ended.')
      cancelLater(one, what === 'cancel' ? one.periodEnd : null, atS)
      world.emit('customer.subscription.updated', showSubscription(world, one), atS)
      return {}
    }
    case 'thin': {
      const { meter, code, identifier } = wishes.thin.parse(given)
      report(world, found(state.meters, 'billing.meter', meter), code, identifier, world.nowS())
      return {}
    }
  }
}

function disputeOf(world: World, invoice: string, amount: number, atS: number): Shown {
  return {
    id: newId('du'),
    object: 'dispute',
    amount,
    charge: `ch_${invoice.slice(3)}`,
    created: atS,
    currency: 'usd',
    evidence_details: null,
    is_charge_refundable: false,
    livemode: world.options.livemode,
    metadata: {},
    payment_intent: `pi_${invoice.slice(3)}`,
    reason: 'fraudulent',
    status: 'needs_response',
  }
}
