import type { Env } from '../env.ts'
import { projectAccount } from '../keys/key-projection.ts'
import { logFault } from '../log-fault.ts'

/**
 * Tells the account's object and the edge's key records of a change that is committed, with `kb.account_changed` in its
 * transaction. Never throws: what cannot be told now is logged, and told by the schedule. The object is told first: once this
 * resolves, the next request meets the change.
 */
export async function accountChanged(env: Env, accountId: string): Promise<void> {
  try {
    const projected = await projectAccount(env, accountId)
    if (projected.kind === 'later') {
      const { why } = projected
      console.warn(JSON.stringify({ event: 'projection_later', account: accountId, why }))
    }
  } catch (error) {
    logFault(error, `projection ${accountId}`)
  }
}
