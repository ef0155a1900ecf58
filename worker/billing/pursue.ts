import type { TransactionSql } from 'postgres'
import type { Micros } from '#core/instant'
import type { PlanName } from '#core/plan'
import { type PlanStep, planStep, servedItem } from '#core/plan-step'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { logFault } from '../log-fault.ts'
import { atOnce } from './at-once.ts'
import { cancelAlive } from './end-subscription.ts'
import { lookSoon, type Observed, observeAnd } from './observe.ts'
import { forgetPrices, soldPrices } from './prices.ts'
import { endSecond } from './second-subscription.ts'
import { isMissing } from './seen.ts'
import { isStripeAway, isStripeError, isStripeFault, needStripe, stripeOf } from './stripe.ts'
import { closeWish, noteRefusal, readWish, tryAgain, type Wish } from './wish-store.ts'

/** How far an account is on its way to the plan that it wants. */
export type Progress =
  | { readonly kind: 'reached' | 'to_pay' | 'needs_checkout' | 'unpaid' | 'not_paid' }
  /** It wants nothing. */
  | { readonly kind: 'idle' }

/** A way has four steps at the most; what is more is a fault. */
const MOST_STEPS = 8

/**
 * Goes on towards the plan that an account wants, step by step, each of which may be repeated: what was cut off goes on from
 * where it is. Tidies up too: a second subscription, overage items that have served.
 * Throws DatabaseAwayError, StripeAwayError, and what Stripe's package throws; the schedule goes on then.
 */
export async function pursue(env: Env, accountId: string, nowUs: Micros): Promise<Progress> {
  for (let step = 0; step < MOST_STEPS; step++) {
    const progress = await observeAnd(env, accountId, nowUs, async (observed, tx) => {
      await tidy(env, accountId, observed, tx, nowUs).catch(async (error: unknown) => {
        if (!isStripeError(error)) throw error
        logFault(error, `tidying ${accountId}`)
        await lookSoon(tx, accountId, nowUs)
      })
      const wish = await readWish(tx, accountId)
      if (wish === null) return { ok: true, progress: { kind: 'idle' } } as const
      try {
        return { ok: true, progress: await takeStep(env, wish, observed, tx, nowUs) } as const
      } catch (error) {
        // What was seen is written all the same.
        if (isMissing(error)) forgetPrices(env)
        if (isStripeFault(error)) await tryAgain(tx, wish, nowUs)
        else if (!isStripeAway(error)) await noteRefusal(tx, wish, nowUs)
        return { ok: false, error } as const
      }
    })
    if (progress === null) return { kind: 'needs_checkout' }
    if (!progress.ok) throw progress.error
    if (progress.progress !== 'further') return progress.progress
  }
  throw new Error('a plan is not reached in as many steps as there can be')
}

async function tidy(
  env: Env,
  accountId: string,
  { bill, reading, closed }: Observed,
  tx: TransactionSql,
  nowUs: Micros,
): Promise<void> {
  const { stripe } = needStripe(env)
  // It was paid for while it was being deleted.
  if (closed) await cancelAlive(env, reading)
  for (const id of bill.second) await endSecond(env, tx, accountId, id, reading, nowUs)
  const cycles = reading.seen.invoices
    .filter(({ reason, subscription }) => reason === 'cycle' && subscription === bill.current?.id)
    .toSorted((a, b) => b.createdUs - a.createdUs)
  const last = cycles[0]
  const served = servedItem(
    bill,
    last === undefined ? null : { draft: last.status === 'draft', createdUs: last.createdUs },
  )
  if (served === null) return
  await stripe.subscriptionItems.del(served, { proration_behavior: 'none' })
}

async function takeStep(
  env: Env,
  wish: Wish,
  { bill }: Observed,
  tx: TransactionSql,
  nowUs: Micros,
): Promise<Progress | 'further'> {
  const step = planStep(bill, wish.plan)
  switch (step.kind) {
    case 'reached':
      await closeWish(tx, wish, 'done', nowUs)
      return step
    case 'needs_checkout':
    case 'unpaid':
      await closeWish(tx, wish, 'failed', nowUs)
      return step
    case 'to_pay':
      await closeWish(tx, wish, 'charged', nowUs)
      return step
    case 'add_overage':
    case 'set_month':
    case 'drop_upgrade':
    case 'set_end': {
      // What was to be paid has not been, and Stripe has given it up: asking again would charge again.
      if (wish.state === 'charged') {
        await closeWish(tx, wish, 'failed', nowUs)
        return { kind: 'not_paid' }
      }
      const id = bill.current?.id ?? ''
      await doStep(env, wish, id, step)
      if (step.kind === 'set_month' && step.invoice) await closeWish(tx, wish, 'charged', nowUs)
      return 'further'
    }
  }
}

type Doing = Extract<PlanStep, { kind: 'add_overage' | 'set_month' | 'set_end' | 'drop_upgrade' }>

async function doStep(env: Env, wish: Wish, subscription: string, step: Doing): Promise<void> {
  const { stripe } = needStripe(env)
  const of = (what: string) => `plan:${wish.accountId}:${wish.number}:${wish.tries}:${what}`
  switch (step.kind) {
    case 'add_overage': {
      const { overage } = await soldPrices(env, step.plan)
      await stripe.subscriptions.update(
        subscription,
        { items: [{ price: overage }], proration_behavior: 'none' },
        { idempotencyKey: of(`overage:${step.plan}`) },
      )
      return
    }
    case 'drop_upgrade':
      await stripe.invoices.voidInvoice(step.invoice)
      return
    case 'set_month':
      await setMonth(env, subscription, step, of)
      return
    case 'set_end':
      await stripe.subscriptions.update(
        subscription,
        { cancel_at_period_end: step.atPeriodEnd },
        { idempotencyKey: of(step.atPeriodEnd ? 'end' : 'on') },
      )
      return
  }
}

async function setMonth(
  env: Env,
  subscription: string,
  { plan, item, invoice }: { plan: PlanName; item: string; invoice: boolean },
  of: (what: string) => string,
): Promise<void> {
  const { stripe } = needStripe(env)
  const { month } = await soldPrices(env, plan)
  const items = [{ id: item, price: month }]
  await stripe.subscriptions.update(
    subscription,
    invoice
      ? { items, proration_behavior: 'always_invoice', payment_behavior: 'pending_if_incomplete' }
      : { items, proration_behavior: 'none' },
    { idempotencyKey: of(`${invoice ? 'buy' : 'month'}:${plan}`) },
  )
}

/** So many accounts a run, and so many of them at once. */
const MOST = 200
const AT_ONCE = 4

/** Goes on with all plans that are not reached yet, and looks at accounts again whose time has come. Throws DatabaseAwayError. */
export async function runWishes(env: Env, nowUs: Micros): Promise<void> {
  if (!stripeOf(env).ok) return
  // In no order, so that those that fail keep nobody else waiting.
  const rows = await withAccounts(
    env,
    (sql) => sql`
      select account_id from (
        select account_id from kb.billing_wishes
        where state in ('open', 'charged') and next_us <= ${nowUs}
        union
        select account_id from kb.billing_customers where look_us <= ${nowUs}) due
      order by random() limit ${MOST}`,
  )
  await atOnce(rows, AT_ONCE, async (row) => {
    const id = String(row['account_id'])
    await pursue(env, id, nowUs).catch((error: unknown) => logFault(error, `billing ${id}`))
  })
}
