import type { Micros } from '#core/instant'
import { planOf } from '#core/plan'
import { meterNameOf } from '#core/price-book'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { atOnce } from './at-once.ts'
import { isIdentifierKnown, type Told, tellMeter } from './meter-event.ts'
import { dueReports, type Report, writeReports } from './report-store.ts'
import { isStripeAway, needStripe, stripeOf } from './stripe.ts'

/** So many hours a run, of so many customers at once: Stripe takes one at a time of each. */
const MOST = 500
const AT_ONCE = 4
/** An hour that is older can be told no more: https://docs.stripe.com/api/billing/meter-event/create. */
const OLDEST_US = 35 * 86_400_000_000
const HOUR_US = 3_600_000_000
const MINUTE_US = 60_000_000
const DAY_US = 24 * HOUR_US

/** Tells Stripe of the overage of the hours that are closed. Throws DatabaseAwayError; what Stripe does not take waits. */
export async function runOutbox(env: Env, nowUs: Micros): Promise<void> {
  if (!stripeOf(env).ok) return
  const due = await withAccounts(env, (sql) => dueReports(sql, { nowUs, most: MOST }))
  await send(env, due, nowUs)
}

/** Tells Stripe of all overage of one account, of the hour that runs too. Throws as runOutbox does, and when it is not all told. */
export async function flushAccount(env: Env, accountId: string, nowUs: Micros): Promise<void> {
  needStripe(env)
  const due = await withAccounts(env, (sql) => dueReports(sql, { nowUs, most: MOST, accountId }))
  const told = await send(env, due, nowUs)
  const failed = told.find((each) => each.state === 'failing')
  if (failed?.state === 'failing') throw failed.error
}

/** What became of a report. */
type Outcome = Report & Told

async function send(env: Env, due: readonly Report[], nowUs: Micros): Promise<Outcome[]> {
  const byAccount = [...Map.groupBy(due, ({ accountId }) => accountId).values()]
  const outcomes: Outcome[] = []
  await atOnce(byAccount, AT_ONCE, async (reports) => {
    const told = await tellAll(env, reports, nowUs)
    outcomes.push(...told)
    const noted = told.map((each) => ({ ...each, nextUs: nextOf(each, nowUs) }))
    await withAccounts(env, (sql) => writeReports(sql, noted, nowUs))
  })
  return outcomes
}

/** One customer's hours, one after the other; while Stripe is away the rest waits too. */
async function tellAll(env: Env, reports: readonly Report[], nowUs: Micros): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const report of reports) {
    const told = await tell(env, report, nowUs)
    outcomes.push({ ...report, ...told })
    if (told.state === 'failing') break
  }
  return outcomes
}

async function tell(env: Env, report: Report, nowUs: Micros): Promise<Told> {
  const { accountId, customer, plan, hourUs, overage } = report
  const where = { account: accountId, plan, hour_us: hourUs, overage }
  if (hourUs + HOUR_US < nowUs - OLDEST_US) {
    console.error(JSON.stringify({ event: 'usage_too_old', ...where }))
    return { state: 'too_old' }
  }
  if (customer === null || planOf(plan).overageCents === null) {
    console.warn(JSON.stringify({ event: 'usage_parked', ...where }))
    return { state: 'parked' }
  }
  const identifier = `${accountId}:${plan}:${hourUs / HOUR_US}:${overage}:${report.tries}`
  // As late as can be: whatever began in this hour, the item that is billed has begun before.
  const atUs = Math.min(hourUs + HOUR_US, Math.max(nowUs, hourUs + 1_000_000)) - 1_000_000
  try {
    const eventName = meterNameOf(planOf(plan).name)
    await tellMeter(env, { eventName, customer, value: overage, identifier, atUs })
    return { state: 'sent', identifier }
  } catch (error) {
    if (isIdentifierKnown(error)) return { state: 'sent', identifier }
    const { code, statusCode: status } = error as { code?: unknown; statusCode?: unknown }
    console.warn(JSON.stringify({ event: 'usage_not_told', account: accountId, code, status }))
    if (isStripeAway(error)) return { state: 'failing', error }
    return { state: 'refused', identifier }
  }
}

function nextOf({ state, failures }: Outcome, nowUs: Micros): Micros {
  const wait = {
    sent: 0,
    failing: MINUTE_US * 2 ** Math.min(failures, 5),
    refused: HOUR_US,
    parked: DAY_US,
    too_old: DAY_US,
  }[state]
  return (nowUs + wait) as Micros
}
