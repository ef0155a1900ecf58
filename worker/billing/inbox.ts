import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { logFault } from '../log-fault.ts'
import { accountOfCustomer } from './billing-store.ts'
import { noteCharge } from './holds.ts'
import { flushAccount } from './outbox.ts'
import { pursue } from './pursue.ts'
import { stripeOf } from './stripe.ts'

/** What Stripe told us, as it is kept: what it is about is asked for anew. */
export type StripeEvent = {
  readonly id: string
  readonly type: string
  readonly customer: string | null
  /** A charge or a dispute, where it is about one. */
  readonly object: string | null
}

/** So many events a run. */
const MOST = 100
const MINUTE_US = 60_000_000

/**
 * Keeps an event, and deals with it unless that was done. May be called twice, at once and in any order.
 * Throws when it cannot be dealt with now: it is kept then, and the schedule does it.
 */
export async function takeIn(env: Env, event: StripeEvent, nowUs: Micros): Promise<void> {
  const isNew = await withAccounts(env, async (sql) => {
    await sql`
      insert into kb.stripe_events (id, type, customer_id, object_id, received_us, next_us)
      values (${event.id}, ${event.type}, ${event.customer}, ${event.object}, ${nowUs},
        ${nowUs + MINUTE_US})
      on conflict (id) do nothing`
    const [row] = await sql`select done_us from kb.stripe_events where id = ${event.id}`
    return row?.['done_us'] === null
  })
  if (!isNew) return
  await applyEvent(env, event, nowUs)
  await withAccounts(env, (sql) => noteDone(sql, event.id, nowUs))
}

/**
 * Deals with an event: asks Stripe for what it is about, and writes what follows. May be repeated and shuffled at will.
 * Throws DatabaseAwayError, StripeAwayError, and what Stripe's package throws.
 */
export async function applyEvent(env: Env, event: StripeEvent, nowUs: Micros): Promise<void> {
  if (event.type.startsWith('charge.')) {
    await noteCharge(env, event, nowUs)
    return
  }
  const { customer } = event
  const account =
    customer === null ? null : await withAccounts(env, (sql) => accountOfCustomer(sql, customer))
  if (account === null) {
    console.warn(JSON.stringify({ event: 'stripe_stranger', id: event.id, type: event.type }))
    return
  }
  // Before the draft is finalised, whatever was used must be on it.
  if (event.type === 'invoice.created') await flushAccount(env, account, nowUs)
  await pursue(env, account, nowUs)
}

/** Deals with the events that could not be dealt with when they came. Throws DatabaseAwayError. */
export async function runInbox(env: Env, nowUs: Micros): Promise<void> {
  if (!stripeOf(env).ok) return
  const rows = await withAccounts(
    env,
    (sql) => sql`
      select id, type, customer_id, object_id, tries from kb.stripe_events
      where done_us is null and next_us <= ${nowUs} order by next_us limit ${MOST}`,
  )
  for (const row of rows) {
    const { id, type, customer_id: customer, object_id: object } = row as Record<string, string>
    const event = {
      id: id ?? '',
      type: type ?? '',
      customer: customer ?? null,
      object: object ?? null,
    }
    try {
      await applyEvent(env, event, nowUs)
      await withAccounts(env, (sql) => noteDone(sql, event.id, nowUs))
    } catch (error) {
      logFault(error, `stripe event ${event.id}`)
      const tries = Number(row['tries']) + 1
      const nextUs = nowUs + MINUTE_US * 2 ** Math.min(tries, 6)
      await withAccounts(
        env,
        (sql) => sql`
          update kb.stripe_events set tries = ${tries}, next_us = ${nextUs} where id = ${event.id}`,
      )
    }
  }
}

async function noteDone(sql: Sql, id: string, nowUs: Micros): Promise<void> {
  await sql`update kb.stripe_events set done_us = ${nowUs} where id = ${id} and done_us is null`
}
