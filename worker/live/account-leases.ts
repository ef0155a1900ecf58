import type { LeaseAsk, LeaseWord } from '#core/admission'
import { accountStub } from '../account/account-stub.ts'
import { type Env, settingsOf } from '../env.ts'
import { inTime } from './patience.ts'

/** What an account says of its streams, one word for each; `away`: it does not answer, `overloaded`: it has too much to do. */
export type LeaseWords =
  | { readonly kind: 'words'; readonly words: readonly LeaseWord[] }
  | { readonly kind: 'away' | 'overloaded' }

/** Opens or renews streams at their account, which has ACCOUNT_MS to answer. Never rejects. */
export async function askLeases(
  env: Env,
  account: string,
  asks: readonly LeaseAsk[],
): Promise<LeaseWords> {
  const ask = async (): Promise<readonly LeaseWord[]> => await accountStub(env, account).lease(asks)
  try {
    const words = await inTime(ask(), settingsOf(env).ACCOUNT_MS)
    return words === null ? { kind: 'away' } : { kind: 'words', words }
  } catch (error) {
    const { overloaded } = (error ?? {}) as { overloaded?: unknown }
    return { kind: overloaded === true ? 'overloaded' : 'away' }
  }
}

/** Ends streams at their account. Never rejects: a lease that is not ended runs out by itself. */
export async function endLeases(
  env: Env,
  account: string,
  asks: readonly LeaseAsk[],
): Promise<void> {
  await accountStub(env, account)
    .endLeases(asks)
    .catch(() => {})
}
