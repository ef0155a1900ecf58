import { PLANS } from '#core/plan'
import { cappedCredits } from '#core/plan-move'
import { type Billing, overageState } from '../account-billing.ts'
import { type Attempted, Csrf, Field, FormFault } from '../form-fields.tsx'
import { SignInFirst } from '../keys/sign-in-first.tsx'
import { printCount } from '../print-count.ts'
import { printDollars } from '../print-dollars.ts'

type OverageProps = {
  readonly billing: Billing
  readonly csrf: string
  readonly fresh: boolean
  readonly attempted: Attempted
}

/** What may be spent beyond the plan, and the form that sets it. */
export function OverageCard({ billing, csrf, fresh, attempted }: OverageProps) {
  const { title, overageCents } = PLANS[billing.plan]
  const cap = billing.overage.cap_cents ?? 0
  if (overageCents === null) {
    return (
      <p>
        {title} has no overage: when its credits are spent, calls are refused until the next month
        begins. Every paid plan can go on at a price per 100,000 credits.
      </p>
    )
  }
  return (
    <div class="card fields">
      <p>
        {stateWords(billing)} On {title}, 100,000 credits beyond the plan cost{' '}
        {printDollars(overageCents)}, and you pay for those that you use, with the next invoice.
      </p>
      <FormFault attempted={attempted} fields={['cap_dollars']} />
      {fresh ? (
        <>
          <form method="post" action="/dashboard/billing/overage">
            <Csrf csrf={csrf} />
            <Field
              name="cap_dollars"
              label="Overage a month, at most (dollars)"
              hint={`${printDollars(5000)} would allow ${printCount(cappedCredits(billing.plan, 5000))} credits more. The cap is hard.`}
              attempted={attempted}
              inputmode="decimal"
              autocomplete="off"
              value={cap === 0 ? '' : String(cap / 100)}
              required
            />
            <button type="submit">{cap === 0 ? 'Turn overage on' : 'Set the cap'}</button>
          </form>
          {cap === 0 ? null : (
            <form method="post" action="/dashboard/billing/overage" class="below">
              <Csrf csrf={csrf} />
              <input type="hidden" name="off" value="1" />
              <button type="submit" class="second">
                Turn overage off
              </button>
            </form>
          )}
        </>
      ) : (
        <SignInFirst what="To change the cap" next="/dashboard/billing" />
      )}
    </div>
  )
}

function stateWords(billing: Billing): string {
  const cap = billing.overage.cap_cents ?? 0
  // In a month of an upgrade they are fewer than at the plan's price: the account itself knows.
  const more = printCount(billing.credits?.overage ?? cappedCredits(billing.plan, cap))
  switch (overageState(billing)) {
    case 'none':
    case 'off':
      return 'Overage is off. When your credits are spent, calls are refused and nothing more is charged.'
    case 'suspended':
      return `Overage is suspended; your cap of ${printDollars(cap)} a month holds again when payments are in order.`
    case 'on':
      return `Overage is on, ${printDollars(cap)} a month at most: ${more} credits more. Then calls are refused.`
  }
}
