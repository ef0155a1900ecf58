import { type Micros, printInstant } from '#core/instant'
import { monthOf } from '#core/period'
import { isPlanName, planOf } from '#core/plan'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { billingSummary } from './summary.ts'

/** Credits that a price of overage is told for. */
const PACK = 100_000

/** What the owner of an account is shown of its billing, also while Stripe is away; null when there is no such account. */
export async function showBilling(env: Env, accountId: string, nowUs: Micros) {
  const month = monthOf(nowUs)
  return withAccounts(env, async (sql) => {
    const [row] = await sql`
      select kb.plan_at(a.id, ${nowUs}) as plan, a.overage_cap_cents, a.overage_suspended,
        a.grace_until_us, c.seen, w.plan as wanted, w.state as wish
      from kb.accounts a left join kb.billing_customers c on c.account_id = a.id
      left join kb.billing_wishes w on w.account_id = a.id
      where a.id = ${accountId}`
    if (row === undefined) return null
    const [next] = await sql`
      select plan, from_us from kb.plan_changes
      where account_id = ${accountId} and from_us > ${nowUs} order by from_us limit 1`
    const used = await sql`
      select plan, sum(overage) as overage from kb.usage_totals
      where account_id = ${accountId} and hour_us >= ${month.fromUs} and hour_us < ${month.toUs}
      group by plan`
    const plan = planOf(row['plan'])
    const seen = billingSummary.safeParse(row['seen'])
    const overage = used.map((each) => ({
      credits: Number(each['overage']),
      cents: Math.ceil((Number(each['overage']) * (planOf(each['plan']).overageCents ?? 0)) / PACK),
    }))
    const at = (us: unknown) => (us === null ? null : printInstant(Number(us) as Micros))
    return {
      plan: plan.name,
      month_cents: plan.monthCents,
      next_plan:
        next !== undefined && isPlanName(next['plan'])
          ? { plan: next['plan'], from: at(next['from_us']) }
          : null,
      wanted_plan: ['open', 'charged'].includes(row['wish']) ? row['wanted'] : null,
      period: { from: printInstant(month.fromUs), to: printInstant(month.toUs) },
      overage: {
        cap_cents: row['overage_cap_cents'],
        suspended: row['overage_suspended'],
        credits: overage.reduce((sum, { credits }) => sum + credits, 0),
        cents: overage.reduce((sum, { cents }) => sum + cents, 0),
      },
      state: seen.success ? (seen.data.status ?? 'none') : 'none',
      grace_until: at(row['grace_until_us']),
      invoices: (seen.success ? seen.data.invoices : []).map(({ created_us, ...invoice }) => ({
        ...invoice,
        created: at(created_us),
      })),
    }
  })
}
