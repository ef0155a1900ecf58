import type { Invoice, Line, Subscription } from '../../local/stripe/state.ts'
import { usageOf } from '../../local/stripe/usage.ts'
import type { BillingCustomer } from './billing-customer.ts'
import type { BillingRig } from './billing-rig.ts'

/** What plans cost and include, said once more: nothing of the product's own arithmetic is believed. */
const SOLD = {
  free: { cents: 0, credits: 10_000, per100k: 0 },
  starter: { cents: 3900, credits: 500_000, per100k: 800 },
  pro: { cents: 14_900, credits: 3_000_000, per100k: 600 },
  scale: { cents: 49_900, credits: 15_000_000, per100k: 400 },
} as const
type Sold = keyof typeof SOLD

const GRACE_S = 7 * 86_400

export type Months = readonly { readonly fromS: number; readonly toS: number }[]

type LedgerRow = { readonly plan: Sold; readonly monthS: number; credits: number; overage: number }

/** Holds the ledger, the invoices and the plans of an account against each other, and against what its customer counted. */
export async function billingProblems(
  rig: BillingRig,
  customer: BillingCustomer,
  months: Months,
  atS: number,
): Promise<string[]> {
  const problems: string[] = []
  const { id } = customer.account
  const tell = (what: string, ours: unknown, theirs: unknown) => {
    if (ours !== theirs) problems.push(`${id}: ${what}: ${String(ours)}, not ${String(theirs)}`)
  }
  const ledger = await readLedger(rig, id, months)
  const stripeId = await customer.customer()
  const { state } = rig.stripe.world
  const invoices = [...state.invoices.values()].filter((each) => each.customer === stripeId)
  const subscriptions = [...state.subscriptions.values()].filter(
    (each) => each.customer === stripeId,
  )
  for (const { fromS, toS } of months) {
    const spent = customer.months.get(fromS) ?? { requests: 0, failed: 0, credits: 0 }
    const rows = ledger.filter(({ monthS }) => monthS === fromS)
    tell(`credits of ${fromS}`, sum(rows.map(({ credits }) => credits)), spent.credits)
    const hours = await readHours(rig, id, fromS, toS)
    tell(`requests of ${fromS}`, hours.requests, spent.requests)
    tell(`failures of ${fromS}`, hours.failed, spent.failed)
    tell(`credits by key of ${fromS}`, hours.credits, spent.credits)
    const overage = sum(rows.map((each) => each.overage))
    const included = includedOf(rig, invoices, subscriptions, { fromS, toS }, atS)
    tell(`included in ${fromS}`, await readIncluded(rig, id, fromS), included.now)
    if (spent.credits - overage > included.most) {
      problems.push(`${id}: ${spent.credits - overage} credits of ${included.most} that were paid`)
    }
    const cents = sum(rows.map((each) => (each.overage * SOLD[each.plan].per100k) / 100_000))
    const cap = customer.caps.get(fromS) ?? 0
    if (cents > cap + 1) problems.push(`${id}: overage of ${cents} cents, and the cap was ${cap}`)
    for (const { plan, overage: ours } of rows) {
      if (stripeId === null) tell(`overage without a customer`, ours, 0)
      else if (toS <= atS) tell(`billed of ${plan}`, billed(rig, invoices, plan, fromS, toS), ours)
      else tell(`told of ${plan}`, told(rig, stripeId, plan, fromS, toS), ours)
    }
  }
  for (const invoice of invoices) problems.push(...amountProblems(rig, invoice, months))
  const alive = subscriptions.filter(({ endedAt }) => endedAt === null)
  if (alive.length > 1) problems.push(`${id}: ${alive.length} subscriptions at once`)
  const plan = planOf(rig, invoices, alive, atS)
  const [row] = await rig.sql`select kb.plan_at(${id}, ${atS * 1_000_000}) as plan`
  tell('plan', row?.['plan'], plan)
  const limits = await rig.call('limits', { account: id })
  tell('plan of the object', limits.ok ? Object(limits.value).plan : limits.message, plan)
  if (problems.length > 0) problems.push(JSON.stringify({ id, subscriptions, invoices }))
  return problems
}

async function readLedger(rig: BillingRig, id: string, months: Months): Promise<LedgerRow[]> {
  const rows = await rig.sql`select * from kb.usage_totals where account_id = ${id}`
  const ledger = new Map<string, LedgerRow>()
  for (const row of rows) {
    const hourS = Number(row['hour_us']) / 1_000_000
    const monthS = months.find(({ fromS, toS }) => fromS <= hourS && hourS < toS)?.fromS ?? 0
    const plan = row['plan'] as Sold
    const key = `${plan} ${monthS}`
    const before = ledger.get(key) ?? { plan, monthS, credits: 0, overage: 0 }
    before.credits += Number(row['credits'])
    before.overage += Number(row['overage'])
    ledger.set(key, before)
  }
  return [...ledger.values()]
}

async function readHours(rig: BillingRig, id: string, fromS: number, toS: number) {
  const [row] = await rig.sql`
    select coalesce(sum(requests), 0) as requests, coalesce(sum(failed), 0) as failed,
      coalesce(sum(credits), 0) as credits from kb.usage_hours
    where account_id = ${id} and hour_us >= ${fromS * 1_000_000} and hour_us < ${toS * 1_000_000}`
  return {
    requests: Number(row?.['requests']),
    failed: Number(row?.['failed']),
    credits: Number(row?.['credits']),
  }
}

/** What the store says that a month includes: its plan at the begin, and grants. */
async function readIncluded(rig: BillingRig, id: string, fromS: number): Promise<number> {
  const [row] = await rig.sql`
    select kb.plan_at(${id}, ${fromS * 1_000_000}) as plan,
      (select coalesce(sum(credits), 0) from kb.credit_grants
        where account_id = ${id} and month_us = ${fromS * 1_000_000}) as granted`
  return SOLD[row?.['plan'] as Sold].credits + Number(row?.['granted'])
}

/** The credits that were paid for in a month, by what Stripe has invoiced alone. */
function includedOf(
  rig: BillingRig,
  invoices: readonly Invoice[],
  subscriptions: readonly Subscription[],
  { fromS, toS }: Months[number],
  atS: number,
): { now: number; most: number } {
  let granted = 0
  let [now, most]: [number, number] = [SOLD.free.credits, SOLD.free.credits]
  for (const invoice of invoices) {
    const lines = invoice.lines.filter(
      (line) => !line.metered && line.from >= fromS && line.from < toS && line.amount !== 0,
    )
    const [line] = lines
    // What was given back was not paid for: a second subscription's.
    const isBack = invoice.refunded > 0 && invoice.refunded === invoice.amountPaid
    if (line === undefined || invoice.status === 'void' || isBack) continue
    if (invoice.reason === 'subscription_cycle') {
      const { credits } = SOLD[planOfLine(rig, line)]
      most = Math.max(most, credits)
      now = lapsed(invoice, subscriptions, atS) ? SOLD.free.credits : credits
    } else if (invoice.status === 'paid') {
      const gained = sum(
        lines.map((each) => Math.sign(each.amount) * SOLD[planOfLine(rig, each)].credits),
      )
      granted += Math.floor((gained * (toS - line.from)) / (toS - fromS))
    }
  }
  return { now: now + granted, most: most + granted }
}

/** Whether a month was not paid and its time is over. */
function lapsed(invoice: Invoice, subscriptions: readonly Subscription[], atS: number): boolean {
  const { finalizedAt, status } = invoice
  if (status === 'paid' || finalizedAt === null) return false
  const ended = subscriptions.find(({ id }) => id === invoice.subscription)?.endedAt ?? null
  return atS >= finalizedAt + GRACE_S || (ended !== null && atS >= ended)
}

/** The plan that is paid for, or may still be paid for, by what Stripe has invoiced alone. */
function planOf(
  rig: BillingRig,
  invoices: readonly Invoice[],
  alive: readonly Subscription[],
  atS: number,
): Sold {
  const [subscription] = alive
  const lines = invoices
    .filter((each) => each.subscription === subscription?.id)
    .filter((each) =>
      each.reason === 'subscription_cycle' && each.status !== 'void'
        ? !lapsed(each, alive, atS)
        : each.status === 'paid',
    )
    .flatMap((each) => each.lines)
    .filter((line) => !line.metered && line.amount > 0 && line.from <= atS && atS < line.to)
    .toSorted((a, b) => a.from - b.from)
  const last = lines.at(-1)
  return last === undefined ? 'free' : planOfLine(rig, last)
}

function billed(
  rig: BillingRig,
  invoices: readonly Invoice[],
  plan: Sold,
  fromS: number,
  toS: number,
): number {
  const lines = invoices.filter(({ status }) => status !== 'void').flatMap(({ lines: all }) => all)
  const ours = lines.filter((line) => {
    return line.metered && line.from >= fromS && line.to <= toS && planOfLine(rig, line) === plan
  })
  return sum(ours.map(({ quantity }) => quantity ?? 0))
}

function told(rig: BillingRig, customer: string, plan: Sold, fromS: number, toS: number): number {
  const { world } = rig.stripe
  const meter = [...world.state.meters.values()].find(
    ({ eventName }) => eventName === `kalshibook_overage_${plan}`,
  )
  return meter === undefined ? 0 : usageOf(world, meter, customer, fromS, toS)
}

/** Whether every line costs what it must. */
function amountProblems(rig: BillingRig, invoice: Invoice, months: Months): string[] {
  return invoice.lines.flatMap((line) => {
    const { cents, per100k } = SOLD[planOfLine(rig, line)]
    const month = months.find(({ fromS, toS }) => fromS <= line.from && line.from < toS)
    if (month === undefined) return []
    const part = (line.to - line.from) / (month.toS - month.fromS)
    const right = line.metered
      ? Math.floor(((line.quantity ?? 0) * per100k) / 100_000 + 0.5)
      : Math.floor(cents * part + 0.5)
    const off = Math.abs(Math.abs(line.amount) - right)
    return off === 0 ? [] : [`${invoice.id}: a line of ${line.amount} cents, not ${right}`]
  })
}

function planOfLine(rig: BillingRig, { price }: Line): Sold {
  const key = rig.stripe.world.state.prices.get(price)?.lookupKey ?? ''
  const [, plan = 'free'] = /^kalshibook_(starter|pro|scale)_/.exec(key) ?? []
  return plan as Sold
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
