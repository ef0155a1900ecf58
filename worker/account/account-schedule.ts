import type { Micros } from '#core/instant'
import type { Env } from '../env.ts'
import { logFault } from '../log-fault.ts'
import { withAccounts } from './account-database.ts'
import { PASSED_US } from './account-journal.ts'
import { accountStub } from './account-stub.ts'

/** An hour that is open so long after its begin (µs) should have been closed by its object long ago. */
const OVERDUE_US = 4_500_000_000
/** So many accounts a run, in no order: those that cannot be woken keep nobody else waiting. */
const MOST = 100

/**
 * Wakes the objects of accounts for what they do by themselves only when they are asked or their alarm comes: requests that
 * went through an open gate are spent, hours that are overdue are closed. Throws DatabaseAwayError.
 */
export async function wakeAccounts(env: Env, nowUs: Micros): Promise<void> {
  const [unspent, overdue] = await withAccounts(env, async (sql) => [
    await sql`
      select account_id from kb.gate_journal
      where spent_us is null and at_us <= ${nowUs - PASSED_US}
      group by account_id order by random() limit ${MOST}`,
    await sql`
      select account_id from kb.usage_totals
      where not closed and hour_us <= ${nowUs - OVERDUE_US}
      group by account_id order by random() limit ${MOST}`,
  ])
  for (const row of unspent) {
    const id = String(row['account_id'])
    await alone(id, () => accountStub(env, id).absorb())
  }
  for (const row of overdue) {
    const id = String(row['account_id'])
    await alone(id, () => accountStub(env, id).closeDue())
  }
}

/** An account that cannot be woken keeps no other. */
async function alone(id: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    logFault(error, `account ${id}`)
  }
}
