import { PLANS } from '#core/plan'
import { type Billing, overageState } from '../account-billing.ts'
import { DashboardTabs } from '../dashboard-tabs.tsx'
import type { Attempted } from '../form-fields.tsx'
import { printCount } from '../print-count.ts'
import { printDollars } from '../print-dollars.ts'
import { printDay } from '../print-moment.ts'
import { InvoiceTable } from './invoice-table.tsx'
import { OverageCard } from './overage-card.tsx'
import { PaymentNotes, PortalButton } from './payment-notes.tsx'
import { PlanTable } from './plan-table.tsx'

type BillingPageProps = {
  readonly billing: Billing
  readonly csrf: string
  readonly fresh: boolean
  readonly attempted: Attempted
  /** What was done just now, in a sentence; null for nothing. */
  readonly done: string | null
}

/** The plan, what is spent beyond it, and what was paid. */
export function BillingPage({ billing, csrf, fresh, attempted, done }: BillingPageProps) {
  return (
    <>
      <DashboardTabs path="/dashboard/billing" />
      <h1>Billing</h1>
      {done === null ? null : (
        <div class="note" role="status">
          <p>{done}</p>
        </div>
      )}
      <PaymentNotes billing={billing} csrf={csrf} />
      <div class="grid">
        <PlanCard billing={billing} />
        <CreditsCard billing={billing} />
        <OverageFigure billing={billing} />
      </div>
      <h2 id="plans">Plans</h2>
      <PlanTable billing={billing} />
      <h2 id="overage">Overage</h2>
      <OverageCard billing={billing} csrf={csrf} fresh={fresh} attempted={attempted} />
      <h2 id="invoices">Invoices and card</h2>
      <InvoiceTable invoices={billing.invoices} />
      {billing.state === 'none' && billing.invoices.length === 0 ? null : (
        <>
          <PortalButton csrf={csrf} name="Card, invoices, cancellation" />
          <p class="quiet">This leads to Stripe, which keeps your card. We never see it.</p>
        </>
      )}
    </>
  )
}

function PlanCard({ billing }: { readonly billing: Billing }) {
  const plan = PLANS[billing.plan]
  const { next_plan } = billing
  return (
    <div class="card">
      <h2 class="name">Plan</h2>
      <b class="figure" id="plan-now">
        {plan.title}
      </b>
      <p class="quiet">
        {plan.monthCents === 0 ? 'Costs nothing' : `${printDollars(plan.monthCents)} a month`}
        {plan.requestsPerS > 0 ? `, ${plan.requestsPerS} requests a second` : ''}.
      </p>
      <p class="quiet">
        {next_plan === null
          ? billing.state === 'none'
            ? ''
            : `Renews ${printDay(billing.period.to)}, 00:00 UTC.`
          : `${PLANS[next_plan.plan].title} from ${printDay(next_plan.from ?? billing.period.to)}, 00:00 UTC.`}
      </p>
    </div>
  )
}

function CreditsCard({ billing }: { readonly billing: Billing }) {
  const { credits, period } = billing
  return (
    <div class="card">
      <h2 class="name">Credits this month</h2>
      {credits === null ? (
        <p class="quiet">They cannot be told now. Look again in a minute.</p>
      ) : (
        <>
          <b class="figure">{printCount(Math.max(0, credits.included - credits.used))} left</b>
          <progress
            max={Math.max(1, credits.included)}
            value={Math.min(credits.used, credits.included)}
            aria-label="Credits used"
          />
          <p class="quiet">
            {printCount(credits.used)} used of {printCount(credits.included)}. They begin anew on{' '}
            {printDay(period.to)}.
          </p>
        </>
      )}
    </div>
  )
}

function OverageFigure({ billing }: { readonly billing: Billing }) {
  const { overage } = billing
  return (
    <div class="card">
      <h2 class="name">Overage this month</h2>
      <b class="figure">{printDollars(overage.cents)}</b>
      <p class="quiet">{overageWords(billing)}</p>
    </div>
  )
}

function overageWords(billing: Billing): string {
  const { cap_cents, credits } = billing.overage
  switch (overageState(billing)) {
    case 'none':
    case 'off':
      return 'Off: when your credits are spent, calls are refused and nothing more is charged.'
    case 'suspended':
      return 'Suspended: nothing beyond your credits is spent now.'
    case 'on':
      return `Of ${printDollars(cap_cents ?? 0)} at most: ${printCount(credits)} credits beyond your plan so far.`
  }
}
