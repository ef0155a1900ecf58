import { PLANS, type Plan } from '#core/plan'
import { type Billing, openInvoice } from '../account-billing.ts'
import { Csrf } from '../form-fields.tsx'
import { printMoment } from '../print-moment.ts'

type NotesProps = { readonly billing: Billing; readonly csrf: string }

/** What is the matter with payments, and what to do about it. */
export function PaymentNotes({ billing, csrf }: NotesProps) {
  return (
    <>
      <Unpaid billing={billing} csrf={csrf} />
      <Waiting billing={billing} csrf={csrf} />
      <Held suspended={billing.overage.suspended} />
    </>
  )
}

/** A month that was not paid. */
function Unpaid({ billing, csrf }: NotesProps) {
  const { grace_until, plan, state, overage } = billing
  const lapsed = plan === 'free' && state !== 'none'
  if (grace_until === null && overage.suspended !== 'unpaid' && !lapsed) return null
  return (
    <div class="note bad" role="alert">
      <p>
        <b>The payment for this month failed.</b>{' '}
        {grace_until !== null
          ? `Your plan goes on until ${printMoment(grace_until)} UTC, without overage. Unless it is paid by then you are on Free.`
          : lapsed
            ? 'You are on Free until it is paid. Your keys work on, within what Free allows.'
            : 'Overage is off until it is paid.'}
      </p>
      <p>Pay the invoice. You can give Stripe another card too: it is used at the next attempt.</p>
      <div class="line">
        <PayLink billing={billing} />
        <PortalButton csrf={csrf} name="Change the card" />
      </div>
    </div>
  )
}

/** A plan that was asked for and is not reached yet. */
function Waiting({ billing, csrf }: NotesProps) {
  const { wanted_plan, plan } = billing
  if (wanted_plan === null || wanted_plan === plan) return null
  const wanted: Plan = PLANS[wanted_plan]
  const invoice = openInvoice(billing)
  return (
    <div class="note warn">
      {invoice === null ? (
        <p>
          You asked for {wanted.title}. It is being arranged with Stripe; this goes on by itself.
        </p>
      ) : (
        <p>
          {wanted.title} begins when its invoice is paid. Your card was not charged: pay here, or
          stay as you are. An invoice that stays unpaid is dropped within a day.
        </p>
      )}
      <div class="line">
        <PayLink billing={billing} />
        {plan === 'free' ? null : (
          <form method="post" action="/dashboard/billing/change">
            <Csrf csrf={csrf} />
            <input type="hidden" name="plan" value={plan} />
            <button type="submit" class="second">
              Stay on {PLANS[plan].title}
            </button>
          </form>
        )}
      </div>
    </div>
  )
}

/** Why overage is suspended though all is paid. */
function Held({ suspended }: { readonly suspended: string | null }) {
  if (suspended !== 'dispute' && suspended !== 'refund') return null
  return (
    <div class="note warn">
      <p>
        {suspended === 'dispute'
          ? 'A charge is disputed at your bank: overage is off until that is settled in our favour.'
          : 'A payment was refunded: overage is off.'}
      </p>
    </div>
  )
}

function PayLink({ billing }: { readonly billing: Billing }) {
  const invoice = openInvoice(billing)
  if (invoice?.url === null || invoice === null) return null
  return (
    <a class="button" href={invoice.url}>
      Pay the invoice
    </a>
  )
}

/** Leads to Stripe’s page for cards, invoices and cancellation. */
export function PortalButton({ csrf, name }: { readonly csrf: string; readonly name: string }) {
  return (
    <form method="post" action="/dashboard/billing/portal">
      <Csrf csrf={csrf} />
      <button type="submit" class="second">
        {name}
      </button>
    </form>
  )
}
