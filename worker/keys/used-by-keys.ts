import { accountNow } from '../account/account-now.ts'
import type { Env } from '../env.ts'

/** Credits that an account's keys have spent this month, by key id; null when its object does not answer. */
export async function usedByKeys(
  env: Env,
  accountId: string,
): Promise<ReadonlyMap<string, number> | null> {
  const limits = await accountNow(env, accountId)
  return limits && new Map(limits.keys.map(({ id, used }) => [id, used]))
}
