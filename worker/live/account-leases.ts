import type { LeaseAsk, LeaseWord } from '#core/admission'
import { ALL_VISITORS, isVisitors } from '#core/visitor-standing'
import { accountStub } from '../account/account-stub.ts'
import { type Env, settingsOf } from '../env.ts'
import { inTime } from './patience.ts'

/** What an account says of its streams, one word for each; `away`: it does not answer, `overloaded`: it has too much to do. */
export type LeaseWords =
  | { readonly kind: 'words'; readonly words: readonly LeaseWord[] }
  | { readonly kind: 'away' | 'overloaded' }

/**
 * Opens or renews streams at their account, which has ACCOUNT_MS to answer; those of visitors also at the account of all
 * visitors, and each of the two may refuse. Never rejects.
 */
export async function askLeases(
  env: Env,
  account: string,
  asks: readonly LeaseAsk[],
): Promise<LeaseWords> {
  const places = placesOf(account)
  const said = await Promise.all(places.map((each) => askOne(env, each, asks)))
  const silent = said.find(({ kind }) => kind !== 'words')
  if (silent !== undefined) return silent
  const words = said.flatMap((each) => (each.kind === 'words' ? each.words : []))
  if (places.length === 1) return { kind: 'words', words }
  const refused = words.filter(({ ok }) => !ok)
  const isRefused = (lease: string) => refused.some((each) => each.lease === lease)
  // What one of them refuses is open at neither.
  const parted = words.filter(({ lease, ok }) => ok && isRefused(lease)).map(({ lease }) => lease)
  if (parted.length > 0) {
    await endLeases(
      env,
      account,
      asks.filter(({ lease }) => parted.includes(lease)),
    )
  }
  const wordOn = (lease: string) => [...refused, ...words].find((each) => each.lease === lease)
  return { kind: 'words', words: asks.flatMap(({ lease }) => wordOn(lease) ?? []) }
}

/** Ends streams at their account. Never rejects: a lease that is not ended runs out by itself. */
export async function endLeases(
  env: Env,
  account: string,
  asks: readonly LeaseAsk[],
): Promise<void> {
  const end = async (each: string) => await accountStub(env, each).endLeases(asks)
  await Promise.allSettled(placesOf(account).map(end))
}

/** The objects that hold the leases of an account. */
function placesOf(account: string): readonly [string, ...string[]] {
  return isVisitors(account) ? [account, ALL_VISITORS] : [account]
}

async function askOne(env: Env, account: string, asks: readonly LeaseAsk[]): Promise<LeaseWords> {
  const ask = async (): Promise<readonly LeaseWord[]> => await accountStub(env, account).lease(asks)
  try {
    const words = await inTime(ask(), settingsOf(env).ACCOUNT_MS)
    return words === null ? { kind: 'away' } : { kind: 'words', words }
  } catch (error) {
    const { overloaded } = (error ?? {}) as { overloaded?: unknown }
    return { kind: overloaded === true ? 'overloaded' : 'away' }
  }
}
