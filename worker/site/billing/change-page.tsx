import { PLANS, type PlanName } from '#core/plan'
import { planMove } from '#core/plan-move'
import { nowUs } from '../../now.ts'
import { type Billing, onPlan } from '../account-billing.ts'
import { type Attempted, Csrf, FormFault } from '../form-fields.tsx'
import { SignInFirst } from '../keys/sign-in-first.tsx'
import { changeWords } from './change-words.ts'

type ChangeProps = {
  readonly billing: Billing
  readonly wanted: PlanName
  readonly csrf: string
  readonly fresh: boolean
  readonly attempted: Attempted
}

/** Says what a change of plan costs and when it comes, and asks whether it is wanted. */
export function ChangePage({ billing, wanted, csrf, fresh, attempted }: ChangeProps) {
  const move = planMove(onPlan(billing), wanted, nowUs())
  const {
    heading,
    figure = null,
    says,
    button,
  } = changeWords(move, PLANS[billing.plan], PLANS[wanted])
  return (
    <div class="narrow">
      <p class="crumbs">
        <a href="/dashboard/billing">Billing</a>
      </p>
      <h1>{heading}</h1>
      <FormFault attempted={attempted} fields={[]} />
      {figure === null ? null : (
        <p>
          <b class="figure">{figure}</b>
        </p>
      )}
      {says.length === 1 ? (
        <p>{says[0]}</p>
      ) : (
        <ul>
          {says.map((line) => (
            <li>{line}</li>
          ))}
        </ul>
      )}
      {button === null ? (
        <a class="button" href="/dashboard/billing">
          To billing
        </a>
      ) : fresh ? (
        <form method="post" action="/dashboard/billing/change" class="line">
          <Csrf csrf={csrf} />
          <input type="hidden" name="plan" value={wanted} />
          <button type="submit">{button}</button>
          <a class="button second" href="/dashboard/billing">
            Not now
          </a>
        </form>
      ) : (
        <SignInFirst what="To change your plan" next={`/dashboard/billing/change?plan=${wanted}`} />
      )}
    </div>
  )
}
