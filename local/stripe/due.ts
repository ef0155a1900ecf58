import { expireSession } from './checkout.ts'
import { collectInvoice, finalizeInvoice } from './invoicing.ts'
import { cancelNow, dropPendingUpdate, endPeriod, expireIncomplete } from './subscribing.ts'
import type { World } from './world.ts'

/** An incomplete subscription, and an update that waits for its payment, are given up after so long. */
export const PATIENCE_S = 23 * 3600

type Due = { readonly atS: number; readonly run: (atS: number) => void }

/**
 * Does all that is due up to a second, in order, each as of its own second.
 * @param clock a test clock's id; null for the stand-in's own
 */
export function doDue(world: World, clock: string | null, untilS: number): void {
  for (;;) {
    let next: Due | null = null
    for (const each of allDue(world, clock)) {
      if (each.atS <= untilS && (next === null || each.atS < next.atS)) next = each
    }
    if (next === null) return
    const { atS, run } = next
    world.at(atS, () => run(atS))
  }
}

function* allDue(world: World, clock: string | null): Generator<Due> {
  const { customers, subscriptions, invoices, sessions } = world.state
  const mine = (customer: string | null) =>
    (customers.get(customer ?? '')?.testClock ?? null) === clock
  for (const each of subscriptions.values()) {
    if (!mine(each.customer) || each.endedAt !== null) continue
    const { status, pendingUpdate, cancelAt, periodEnd } = each
    if (status === 'incomplete') {
      yield { atS: each.created + PATIENCE_S, run: (atS) => expireIncomplete(world, each, atS) }
      continue
    }
    if (pendingUpdate !== null) {
      yield { atS: pendingUpdate.until, run: (atS) => dropPendingUpdate(world, each, atS) }
    }
    if (cancelAt !== null && cancelAt < periodEnd) {
      const how = { invoiceNow: true, prorate: false }
      yield { atS: cancelAt, run: (atS) => cancelNow(world, each, how, atS) }
    }
    yield { atS: periodEnd, run: () => endPeriod(world, each) }
  }
  for (const each of invoices.values()) {
    if (!mine(each.customer)) continue
    const { finalizesAt, nextAttempt } = each
    if (each.status === 'draft' && finalizesAt !== null) {
      yield {
        atS: finalizesAt,
        run: (atS) => {
          finalizeInvoice(world, each, atS)
          collectInvoice(world, each, atS)
        },
      }
    }
    if (each.status === 'open' && nextAttempt !== null) {
      yield {
        atS: nextAttempt,
        run: (atS) => {
          // A charge that throws away its next attempt cannot be due again.
          each.nextAttempt = null
          collectInvoice(world, each, atS)
        },
      }
    }
  }
  for (const each of sessions.values()) {
    if (each.status !== 'open' || !mine(each.customer)) continue
    yield { atS: each.expiresAt, run: (atS) => expireSession(world, each, atS) }
  }
}
