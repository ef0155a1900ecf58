import type { AccountLimits } from '#core/account-word'
import { type Env, settingsOf } from '../env.ts'
import { inTime } from '../live/patience.ts'
import { accountStub } from './account-stub.ts'

/** How an account stands, as its object knows it; null when that does not answer. */
export function accountNow(env: Env, accountId: string): Promise<AccountLimits | null> {
  const ask = async (): Promise<AccountLimits | null> => await accountStub(env, accountId).limits()
  return inTime(ask(), settingsOf(env).ACCOUNT_MS).catch(() => null)
}
