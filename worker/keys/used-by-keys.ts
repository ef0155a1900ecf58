import type { AccountLimits } from '#core/account-word'
import { accountStub } from '../account/account-stub.ts'
import { type Env, settingsOf } from '../env.ts'
import { inTime } from '../live/patience.ts'

/** Credits that an account's keys have spent this month, by key id; null when its object does not answer. */
export async function usedByKeys(
  env: Env,
  accountId: string,
): Promise<ReadonlyMap<string, number> | null> {
  const ask = async (): Promise<AccountLimits | null> => await accountStub(env, accountId).limits()
  const limits = await inTime(ask(), settingsOf(env).ACCOUNT_MS).catch(() => null)
  return limits && new Map(limits.keys.map(({ id, used }) => [id, used]))
}
