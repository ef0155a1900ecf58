import type { Sql } from 'postgres'
import { z } from 'zod'
import type { Micros } from '#core/instant'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { logFault } from '../log-fault.ts'
import { atOnce } from './at-once.ts'
import { accountOfCustomer } from './billing-store.ts'
import { noteCharge, stranger } from './holds.ts'
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

/** So many events a run, and so many at once. */
const MOST = 100
const AT_ONCE = 4
const MINUTE_US = 60_000_000
/** Events that were dealt with are kept for so long, µs. */
const KEPT_US = 90 * 86_400_000_000

const storedEvent = z.object({
  id: z.string(),
  type: z.string(),
  customer_id: z.string().nullable(),
  object_id: z.string().nullable(),
})

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
  if (account === null) return stranger(event)
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
  await atOnce(rows, AT_ONCE, async (row) => {
    const { id, type, customer_id: customer, object_id: object } = storedEvent.parse(row)
    const event = { id, type, customer, object }
    try {
      await applyEvent(env, event, nowUs)
      await withAccounts(env, (sql) => noteDone(sql, id, nowUs))
    } catch (error) {
      logFault(error, `stripe event ${id}`)
      const tries = Number(row['tries']) + 1
      const nextUs = nowUs + MINUTE_US * 2 ** Math.min(tries, 6)
      await withAccounts(
        env,
        (sql) => sql`
          update kb.stripe_events set tries = ${tries}, next_us = ${nextUs} where id = ${id}`,
      )
    }
  })
}

/** Forgets the events that were dealt with long ago. Throws DatabaseAwayError. */
export async function forgetEvents(env: Env, nowUs: Micros): Promise<void> {
  await withAccounts(
    env,
    (sql) => sql`
      delete from kb.stripe_events
      where received_us < ${nowUs - KEPT_US} and done_us is not null`,
  )
}

async function noteDone(sql: Sql, id: string, nowUs: Micros): Promise<void> {
  await sql`update kb.stripe_events set done_us = ${nowUs} where id = ${id} and done_us is null`
}
