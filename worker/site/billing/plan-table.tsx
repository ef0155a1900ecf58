import { PLAN_NAMES, PLANS, type PlanName } from '#core/plan'
import { planMove } from '#core/plan-move'
import { nowUs } from '../../now.ts'
import { type Billing, onPlan } from '../account-billing.ts'
import { printCount } from '../print-count.ts'
import { printDollars } from '../print-dollars.ts'

const DAY_US = 86_400_000_000
/** A plan that may follow so many may follow all. */
const ALL_MARKETS = 1_000_000

/** All plans, each with the way to it from the plan that the account is on. */
export function PlanTable({ billing }: { readonly billing: Billing }) {
  return (
    <div class="scroll">
      <table class="plans stacked">
        <thead>
          <tr>
            <th>Plan</th>
            <th class="num">A month</th>
            <th class="num">Credits</th>
            <th class="num">Requests/s</th>
            <th>Streams</th>
            <th>History</th>
            <th class="num">Beyond, per 100,000</th>
            <th>
              <span class="hide">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {PLAN_NAMES.map((name) => (
            <PlanRow name={name} billing={billing} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function PlanRow({ name, billing }: { readonly name: PlanName; readonly billing: Billing }) {
  const { title, monthCents, credits, requestsPerS, streams, historyUs, overageCents } = PLANS[name]
  return (
    <tr {...(name === billing.plan ? { class: 'now' } : {})}>
      <td data-label="Plan">
        <b>{title}</b>
      </td>
      <td data-label="A month" class="num">
        {printDollars(monthCents)}
      </td>
      <td data-label="Credits" class="num">
        {printCount(credits)}
      </td>
      <td data-label="Requests/s" class="num">
        {requestsPerS}
      </td>
      <td data-label="Streams">
        {streams.connections} ×{' '}
        {streams.markets >= ALL_MARKETS ? 'all' : printCount(streams.markets)} markets
      </td>
      <td data-label="History">{historyUs === null ? 'all' : `${historyUs / DAY_US} days`}</td>
      <td data-label="Beyond, per 100,000" class="num">
        {overageCents === null ? '–' : printDollars(overageCents)}
      </td>
      <td class="way">
        <Way name={name} billing={billing} />
      </td>
    </tr>
  )
}

function Way({ name, billing }: { readonly name: PlanName; readonly billing: Billing }) {
  const move = planMove(onPlan(billing), name, nowUs())
  const { title } = PLANS[name]
  switch (move.kind) {
    case 'stay':
      return name === billing.plan ? <span class="pill good">your plan</span> : null
    case 'agreed':
      return <span class="pill warn">from next month</span>
    case 'unpaid':
      return <span class="quiet">after the open invoice is paid</span>
    case 'keep':
      return <To name={name} says={`Stay on ${title}`} />
    case 'subscribe':
      return <To name={name} says={`Subscribe to ${title}`} />
    case 'upgrade':
      return <To name={name} says={`Upgrade to ${title}`} />
    case 'downgrade':
      return <To name={name} says={`Change to ${title}`} />
    case 'cancel':
      return <To name={name} says="Cancel the plan" />
  }
}

function To({ name, says }: { readonly name: PlanName; readonly says: string }) {
  return <a href={`/dashboard/billing/change?plan=${name}`}>{says}</a>
}
