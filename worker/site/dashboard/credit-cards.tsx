import type { AccountLimits, UsageRow } from '#core/account-word'
import { projectCredits } from '#core/credit-projection'
import { printInstant } from '#core/instant'
import { planOf } from '#core/plan'
import { printCount } from '../print-count.ts'
import { printDay, printMoment } from '../print-moment.ts'

type Props = {
  readonly limits: AccountLimits
  readonly usage: readonly UsageRow[] | null
  readonly nowUs: number
}

/** The month's credits: what is used, what is left, and where it leads; and the plan. */
export function CreditCards({ limits, usage, nowUs }: Props) {
  const { included, used, over, left, overageCap, toUs } = limits
  const plan = planOf(limits.plan)
  const month = printDay(printInstant(toUs))
  return (
    <div class="grid figures">
      <section class="card" aria-labelledby="used">
        <h2 id="used">Credits used</h2>
        <p>
          <b class="figure">{printCount(used)}</b>
          of {printCount(included)} included this month
        </p>
        <progress
          aria-label="Included credits used"
          max={Math.max(1, included)}
          value={Math.min(used - over, included)}
        >
          {printCount(used)}
        </progress>
        <p class="quiet">
          {over === 0 ? null : `${printCount(over)} of them beyond the included ones. `}The month
          ends {month}, 00:00 UTC.
        </p>
      </section>
      <section class="card" aria-labelledby="left">
        <h2 id="left">Credits left</h2>
        <p>
          <b class={left === 0 ? 'figure bad' : 'figure'}>{printCount(left)}</b>
          {overageCap === 0
            ? 'then calls that cost credits are refused'
            : `with up to ${printCount(overageCap)} beyond the included ones`}
        </p>
        <p class="quiet">
          <a href="/dashboard/billing">
            {plan.overageCents === null ? 'Plans with more credits' : 'Spend cap and billing'}
          </a>
        </p>
      </section>
      <Projection limits={limits} usage={usage} nowUs={nowUs} />
      <section class="card" aria-labelledby="plan">
        <h2 id="plan">Plan</h2>
        <p>
          <b class="figure">{plan.title}</b>
          {printCount(limits.rate.perS)} requests a second, {limits.streams.open} of{' '}
          {limits.streams.connections} streams open
        </p>
        <p class="quiet">
          <a href="/dashboard/billing">Change the plan</a>
        </p>
      </section>
    </div>
  )
}

function Projection({ limits, usage, nowUs }: Props) {
  return (
    <section class="card" aria-labelledby="ahead">
      <h2 id="ahead">By the month’s end</h2>
      {usage === null ? (
        <p>The usage cannot be read now.</p>
      ) : (
        <Ahead limits={limits} usage={usage} nowUs={nowUs} />
      )}
    </section>
  )
}

function Ahead({ limits, usage, nowUs }: Props & { readonly usage: readonly UsageRow[] }) {
  const { perDay, days, atEnd, outUs } = projectCredits(usage, limits, nowUs)
  const basis = Math.round(days) > 1 ? `the last ${Math.round(days)} days` : 'the last day'
  return (
    <>
      <p>
        <b class="figure">{printCount(atEnd)}</b>
        {perDay === 0 ? 'credits, as none were used lately' : 'credits, if it goes on like this'}
      </p>
      {outUs === null ? null : (
        <p class="bad">
          {limits.left === 0
            ? 'None are left now.'
            : `They run out about ${printMoment(printInstant(outUs))} UTC.`}
        </p>
      )}
      {perDay === 0 ? null : (
        <p class="quiet">
          {printCount(Math.max(1, perDay))} a day over {basis}.
        </p>
      )}
    </>
  )
}
