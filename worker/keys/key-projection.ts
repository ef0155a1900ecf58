import type { Micros } from '#core/instant'
import { keyRecordName } from '#core/key-record'
import { withAccounts } from '../account/account-database.ts'
import { accountStub } from '../account/account-stub.ts'
import { type Env, settingsOf } from '../env.ts'
import { inTime } from '../live/patience.ts'
import { nowUs } from '../now.ts'
import {
  type NamedRecord,
  noteTold,
  noteUntold,
  type Projection,
  readProjection,
} from './projected-keys.ts'

/** So often an account that changes meanwhile is told anew, before the schedule takes over. */
const ROUNDS = 3
/** Two changes at once may bear times in another order than that of their transactions: our clocks differ by so much, µs. */
const SKEW_US = 60_000_000

/** What became of an account's change: told to all who must know, or left to the schedule. */
export type Projected =
  | { readonly kind: 'told' }
  | { readonly kind: 'later'; readonly why: 'object' | 'edge' | 'changing' }

/**
 * Tells an account's object that it changed, and writes the key records of the edge. Throws DatabaseAwayError; the change
 * stays noted as untold then, as after every other failure.
 */
export async function projectAccount(env: Env, accountId: string): Promise<Projected> {
  let since: Micros | null = null
  for (let round = 0; round < ROUNDS; round++) {
    const before: Micros | null = since
    const projection: Projection | null = await withAccounts(env, (sql) =>
      readProjection(sql, accountId, before, nowUs(), SKEW_US),
    )
    if (projection === null) return { kind: 'told' }
    since = projection.since
    const outcome = await projectOnce(env, accountId, projection)
    if (outcome !== 'changed') return outcome
  }
  const from = since
  if (from !== null) await withAccounts(env, (sql) => noteUntold(sql, accountId, from))
  return { kind: 'later', why: 'changing' }
}

/**
 * Of several that do this at once, each looks after its last write whether what it wrote is still so, and writes again if not:
 * whoever writes last has written the truth, without a lock that would make a customer's change wait for the edge.
 */
async function projectOnce(
  env: Env,
  accountId: string,
  { rev, since, records }: Projection,
): Promise<Projected | 'changed'> {
  // The object is told after the reading, so that it knows whatever is noted as told.
  const [refreshed, written] = await Promise.all([
    isRefreshed(env, accountId),
    areWritten(env.KEYS, records),
  ])
  return withAccounts(env, async (sql) => {
    if (refreshed && written) {
      return (await noteTold(sql, accountId, rev)) ? { kind: 'told' } : 'changed'
    }
    await noteUntold(sql, accountId, since)
    return { kind: 'later', why: refreshed ? 'edge' : 'object' }
  })
}

/** Writes key records. @returns whether all of them hold; KV takes one write a second for each, and refuses more */
export async function areWritten(
  kv: KVNamespace,
  records: readonly NamedRecord[],
): Promise<boolean> {
  const puts = records.map(({ hash, record }) =>
    kv.put(keyRecordName(hash), JSON.stringify(record)),
  )
  return (await Promise.allSettled(puts)).every(({ status }) => status === 'fulfilled')
}

async function isRefreshed(env: Env, accountId: string): Promise<boolean> {
  const refresh = async () => {
    await accountStub(env, accountId).refresh()
    return true
  }
  const refreshed = await inTime(refresh(), settingsOf(env).ACCOUNT_MS).catch(() => null)
  return refreshed ?? false
}
