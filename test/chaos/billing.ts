import { type Random, seededRandom } from '../../simulator/random.ts'
import { BillingCustomer } from './billing-customer.ts'
import { BillingRig } from './billing-rig.ts'
import { billingProblems, type Months } from './billing-verdict.ts'

export type BillingOptions = {
  readonly seed: number
  readonly accounts: number
  /** Hours between two moments at which customers do something. */
  readonly stepH: number
  /** What is damaged on purpose: `settles_failures`, `skips_reports`, `gives_credits`; null for nothing. */
  readonly damage?: string | null
}

export type BillingReport = {
  readonly problems: string[]
  readonly counts: Record<string, number>
}

const at = (year: number, month: number, day = 1) => Date.UTC(year, month, day) / 1000
/** They lie ahead whenever this runs, so that no alarm of ours comes by itself. */
const YEAR = new Date().getUTCFullYear() + 1
/** The month that is simulated, and the one that its invoices are in. */
const MONTHS: Months = [
  { fromS: at(YEAR, 0), toS: at(YEAR, 1) },
  { fromS: at(YEAR, 1), toS: at(YEAR, 2) },
]
const END_S = at(YEAR, 1, 12)
const HOUR_S = 3600
const DAY_S = 86_400
/** Three calls of ten fail, are lost, or come twice. */
const FAULTS = {
  failed: 0.05,
  failedDone: 0.05,
  lostBefore: 0.06,
  lostAfter: 0.06,
  twice: 0.05,
  limited: 0.03,
  webhooks: { shuffleMs: 300, double: 0.25, drop: 0, delayMs: 0 },
}
/** So many customers act at once. */
const AT_ONCE = 8

/** A month of customers who subscribe, use, change their minds and do not pay, with a Stripe that fails; then all books are compared. */
export async function chaosBilling(options: BillingOptions): Promise<BillingReport> {
  const random = seededRandom(options.seed)
  const faults = seededRandom(options.seed ^ 0xfa17)
  const retryDays = random.pick([[3, 5, 7], [3, 5], [2]])
  const [{ fromS }] = MONTHS as [Months[number]]
  const rig = await BillingRig.start({ atS: fromS, retryDays, random: () => faults.next() })
  try {
    return await simulate(rig, options, random)
  } finally {
    await rig.stop()
  }
}

async function simulate(
  rig: BillingRig,
  { accounts, stepH, damage = null }: BillingOptions,
  random: Random,
): Promise<BillingReport> {
  const customers: BillingCustomer[] = []
  for (let index = 0; index < accounts; index += 1) {
    const account = await rig.addAccount(`chaos ${index}`)
    const own = seededRandom(random.below(2 ** 31))
    customers.push(new BillingCustomer(account, rig, own, stepH / 12, index === 0))
  }
  rig.faults(FAULTS)
  let [steps, calls] = [0, 0]
  const problems: string[] = []
  /** By account, how often nobody could know whether its customer was made. */
  const unsure = new Map<string, number>()
  const look = () => {
    for (const { path, method, body, status, answer } of rig.stripe.calls()) {
      calls += 1
      const account = new URLSearchParams(body).get('metadata[account]')
      if (`${method} ${path}` === 'POST /v1/customers' && account !== null && status !== 200) {
        unsure.set(account, (unsure.get(account) ?? 0) + 1)
      }
      const { error } = Object(answer) as { error?: { type?: string } }
      if (error?.type === 'idempotency_error') problems.push(`${path}: a key with other parameters`)
    }
  }
  for (const atS of moments(stepH, random)) {
    await rig.to(atS, damage)
    const month = MONTHS.findLast(({ fromS }) => fromS <= atS)
    // On the first day of a month every hour is one of many, in which nobody does anything but what was left.
    const isBusy = (atS % DAY_S) % HOUR_S !== QUIET_S
    if (isBusy) await each(customers, (one) => one.act(month?.fromS ?? 0, atS < END_S - DAY_S))
    await upkeep(rig, customers, damage)
    steps += 1
    look()
    if (steps % 4 === 0) await rig.stripe.idle()
  }
  rig.faults({})
  let endS = END_S
  // Whatever was left is done now: nobody is looked at less often than once a day.
  for (let round = 0; round < 4; round += 1) {
    await rig.stripe.idle()
    endS += round === 1 ? 25 * HOUR_S : HOUR_S
    await rig.to(endS, damage)
    await upkeep(rig, customers, damage)
  }
  await rig.stripe.idle()
  look()
  await each(customers, async (one) => {
    problems.push(...one.problems, ...(await billingProblems(rig, one, MONTHS, endS)))
  })
  const made = Map.groupBy(rig.stripe.world.state.customers.values(), ({ metadata }) => {
    return metadata['account'] ?? ''
  })
  for (const [account, all] of made) {
    if (all.length > 1 + (unsure.get(account) ?? 0)) {
      problems.push(`${account}: ${all.length} customers at Stripe`)
    }
  }
  const differ = await rig.sql`select * from kb.reconciliations where ours <> theirs`
  for (const row of differ) problems.push(`reconciliation: ${JSON.stringify(row)}`)
  return { problems, counts: { steps, calls, ...(await counted(rig, customers)) } }
}

const QUIET_S = 600

/** The moments of the simulation, s, in order: at random within a step; hour by hour where drafts wait for their usage. */
function moments(stepH: number, random: Random): number[] {
  const all: number[] = []
  const [first, second] = MONTHS as [Months[number], Months[number]]
  for (let fromS = first.fromS; fromS < END_S; fromS += stepH * HOUR_S) {
    const toS = fromS + stepH * HOUR_S
    all.push(fromS + 1200 + random.below(toS - fromS - 1800))
  }
  for (let hour = 0; hour < 25; hour += stepH > 12 ? 4 : 2) {
    all.push(second.fromS + hour * HOUR_S + QUIET_S)
  }
  return [...new Set(all)].filter((atS) => atS < END_S).sort((a, b) => a - b)
}

/** What goes by the clock: hours are closed, and the schedule runs. */
async function upkeep(
  rig: BillingRig,
  customers: readonly BillingCustomer[],
  damage: string | null,
): Promise<void> {
  const used = customers.filter(({ toClose }) => toClose > 0)
  await each(used, async (one) => {
    await rig.call('close', { account: one.account.id })
    one.toClose -= 1
  })
  if (damage === 'skips_reports') {
    await rig.sql`
      insert into kb.meter_reports (account_id, hour_us, plan, sent, state, next_us)
      select account_id, hour_us, plan, overage, 'sent', 0 from kb.usage_totals
      where overage > 0 and hour_us % 5 = 0 on conflict do nothing`
  }
  if (damage === 'gives_credits') {
    await rig.sql`
      insert into kb.credit_grants (source, account_id, month_us, credits, made_us)
      select 'damage:' || id, id, ${at(YEAR, 0) * 1_000_000}, 1, 0 from kb.accounts
      on conflict do nothing`
  }
  await rig.call('jobs')
}

async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>) {
  const left = [...items]
  const worker = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function counted(
  rig: BillingRig,
  customers: readonly BillingCustomer[],
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { counts: some } of customers) {
    for (const [what, times] of Object.entries(some)) counts[what] = (counts[what] ?? 0) + times
  }
  const { state } = rig.stripe.world
  const [row] = await rig.sql`
    select coalesce(sum(credits), 0) as credits, coalesce(sum(overage), 0) as overage
    from kb.usage_totals`
  const invoices = [...state.invoices.values()]
  return {
    ...counts,
    events: state.events.size,
    subscriptions: state.subscriptions.size,
    invoices: invoices.length,
    paid_cents: invoices.reduce((sum, { amountPaid }) => sum + amountPaid, 0),
    credits: Number(row?.['credits']),
    overage: Number(row?.['overage']),
  }
}
