import type { Micros } from '#core/instant'
import { withAccounts } from '../account/account-database.ts'
import type { Env } from '../env.ts'
import { forgetOldPeople } from '../store/people-tries.ts'

/** Forgets what was counted of people and is not needed any more. Throws DatabaseAwayError. */
export async function forgetOld(env: Env, nowUs: Micros): Promise<void> {
  await withAccounts(env, (sql) => forgetOldPeople(sql, nowUs))
}
