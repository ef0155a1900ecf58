import { type PlanName, planOf } from '#core/plan'
import { printLease } from '../../worker/live/stream-lease.ts'

/** The headers of an upgrade by which an object is told of an account's stream that nobody else knows of. */
export function leaseHeaders(
  plan: PlanName,
  account: string = crypto.randomUUID(),
  keyId = 'key',
): Record<string, string> {
  const { streams } = planOf(plan)
  const lease = crypto.randomUUID()
  return printLease({ lease, account, keyId, rev: 1, plan, streams })
}
