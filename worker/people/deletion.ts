import type { Micros } from '#core/instant'
import { accountChanged } from '../account/account-changed.ts'
import { withAccounts } from '../account/account-database.ts'
import { accountStub } from '../account/account-stub.ts'
import { endSubscription } from '../billing/end-subscription.ts'
import { type Env, settingsOf } from '../env.ts'
import { logFault } from '../log-fault.ts'
import { nowUs } from '../now.ts'
import { type Deletion, findDeletion, markDone, openDeletions } from '../store/account-deletions.ts'
import { askSupabase, SupabaseAwayError, supabaseOf } from './supabase.ts'

/** The steps after an account was closed; each may be done again. */
export type DeletionStep = 'told' | 'unsubscribed' | 'forgotten'

/** So many deletions at most are taken up again a minute. */
const MOST = 20

/**
 * Does what is left to do for the deletion of a closed account: its open streams end and its last hour is in the ledger, its
 * subscription is cancelled, Supabase forgets the person. Answers the steps that could not be done now: the schedule does
 * them. Throws DatabaseAwayError.
 */
export async function goOnDeleting(env: Env, accountId: string): Promise<readonly DeletionStep[]> {
  const deletion = await withAccounts(env, (sql) => findDeletion(sql, accountId))
  if (deletion === null) return []
  const left: DeletionStep[] = []
  // What was used last must be known before the last invoice is written.
  for (const step of ['told', 'unsubscribed', 'forgotten'] as const) {
    if (deletion.done.includes(step)) continue
    const waits = step === 'unsubscribed' && left.includes('told')
    if (waits || !(await isDone(env, deletion, step))) left.push(step)
    else await withAccounts(env, (sql) => markDone(sql, accountId, step, nowUs()))
  }
  return left
}

/** Goes on with the deletions that could not be ended at once. Throws DatabaseAwayError. */
export async function goOnDeletingAll(env: Env, _nowUs: Micros): Promise<void> {
  const open = await withAccounts(env, (sql) => openDeletions(sql, MOST))
  for (const accountId of open) {
    const left = await goOnDeleting(env, accountId)
    if (left.length > 0) {
      console.warn(JSON.stringify({ event: 'deletion_waits', account: accountId, left }))
    }
  }
}

/** Does a step; whether it is done. What goes wrong is logged, and keeps no other step. */
async function isDone(env: Env, deletion: Deletion, step: DeletionStep): Promise<boolean> {
  const { accountId, personId } = deletion
  try {
    switch (step) {
      case 'told':
        await accountChanged(env, accountId)
        await accountStub(env, accountId).closeDue()
        return true
      case 'unsubscribed':
        await endSubscription(env, accountId, nowUs())
        return true
      case 'forgotten':
        return await forgetPerson(env, personId)
    }
  } catch (error) {
    if (!(error instanceof SupabaseAwayError)) logFault(error, `deletion ${accountId}`)
    return false
  }
}

/** Has Supabase delete a person; whether it knows them no more. Throws SupabaseAwayError. */
export async function forgetPerson(env: Env, personId: string): Promise<boolean> {
  const supabase = supabaseOf(settingsOf(env))
  if (supabase === null) return false
  const { error } = await askSupabase(supabase, 'operator', (auth) =>
    auth.admin.deleteUser(personId),
  )
  return error === null || error.code === 'user_not_found'
}
