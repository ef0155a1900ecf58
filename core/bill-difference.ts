import type { Micros } from './instant.ts'
import type { Bill, CreditGrant, PlanChange } from './subscription.ts'

/** What an account has stored by what Stripe told before. */
export type StoredBill = {
  readonly changes: readonly PlanChange[]
  /** Sources of what was granted. */
  readonly granted: ReadonlySet<string>
}

/** What must be written so that the store says what the bill says. */
export type BillDifference = {
  readonly removed: readonly string[]
  readonly changes: readonly PlanChange[]
  readonly grants: readonly CreditGrant[]
}

/** Where changes of plan come from that a bill tells of; others are not ours to take back. */
const OURS = /^(?:invoice|unpaid|repaid|ended|next|gone):/

/** What was is kept; what lay ahead and is not so any more is taken back, and what is new is added. */
export function billDifference(stored: StoredBill, bill: Bill, nowUs: Micros): BillDifference {
  const wanted = new Map(bill.changes.map((change) => [change.source, change]))
  const removed = stored.changes.filter(({ source, plan, fromUs }) => {
    if (!OURS.test(source)) return false
    const now = wanted.get(source)
    if (now === undefined) return fromUs > nowUs || cameToNothing(source, fromUs, wanted, bill)
    // An end may turn out to be sooner than was agreed, or to have been taken back just in time; nothing else that has begun
    // is moved to later.
    const movable = fromUs > nowUs || now.fromUs < fromUs || source.startsWith('ended:')
    return (now.fromUs !== fromUs || now.plan !== plan) && movable
  })
  const gone = new Set(removed.map(({ source }) => source))
  const kept = new Set(stored.changes.map(({ source }) => source).filter((one) => !gone.has(one)))
  return {
    removed: [...gone],
    changes: [...wanted.values()].filter(({ source }) => !kept.has(source)),
    grants: bill.grants.filter(({ source }) => !stored.granted.has(source)),
  }
}

/**
 * What was agreed for a period's end, of a subscription that had ended before; and the end of one that goes on, as it was
 * taken back in the last moment: nobody looked between the two.
 */
function cameToNothing(
  source: string,
  fromUs: Micros,
  wanted: ReadonlyMap<string, PlanChange>,
  { current }: Bill,
): boolean {
  const [kind, subscription] = source.split(':')
  if (kind === 'ended') return current?.id === subscription
  const end = kind === 'next' ? wanted.get(`ended:${subscription}`) : undefined
  return end !== undefined && end.fromUs <= fromUs
}
