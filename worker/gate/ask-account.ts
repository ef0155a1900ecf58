import type { Admission, SpendAsk } from '#core/admission'
import type { CallEnd } from '#core/call-log'
import { accountStub } from '../account/account-stub.ts'
import { type Env, settingsOf } from '../env.ts'
import { inTime } from '../live/patience.ts'
import { logFault } from '../log-fault.ts'

/** An account's word; or that it has too much to do, or cannot be reached. */
export type AccountWord = Admission | 'overloaded' | 'unreachable'

/** Asks an account's object to reserve credits. An object that is restarting is asked once more: it answers a request that it knows as before. */
export async function askAccount(env: Env, name: string, ask: SpendAsk): Promise<AccountWord> {
  const patienceMs = settingsOf(env).ACCOUNT_MS
  const until = Date.now() + patienceMs
  for (let again = false; ; again = true) {
    try {
      const asked = accountStub(env, name).spend(ask)
      return (await inTime(asked as Promise<Admission>, until - Date.now())) ?? 'unreachable'
    } catch (error) {
      const { overloaded, retryable } = error as { overloaded?: unknown; retryable?: unknown }
      if (overloaded === true) return 'overloaded'
      if (again || retryable !== true || Date.now() >= until) {
        logFault(error, ask.requestId)
        return 'unreachable'
      }
    }
  }
}

/** Fixes what a request cost. Never throws: what cannot be told in two tries is released, at our loss. */
export async function settleAccount(
  env: Env,
  name: string,
  { requestId, credits, failed, end = null }: Settlement,
): Promise<void> {
  for (let tries = 0; tries < 2; tries++) {
    try {
      await accountStub(env, name).settle(requestId, credits, failed, end)
      return
    } catch (error) {
      if (tries > 0) logFault(error, requestId)
    }
  }
}

/** What a request cost in the end, and whether it failed. */
export type Settlement = {
  readonly requestId: string
  readonly credits: number
  readonly failed: boolean
  /** How its answer ended, where that is known. */
  readonly end?: CallEnd | null
}
