import type { Context } from 'hono'
import type { Account } from '../account/account.ts'
import { accountStub } from '../account/account-stub.ts'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { inTime } from '../live/patience.ts'
import { logFault } from '../log-fault.ts'

/** Asks the object of the caller's account; null while it cannot be reached. */
export function askCallersAccount<Result>(
  c: Context<App>,
  ask: (stub: DurableObjectStub<Account>) => Promise<Result>,
): Promise<Result | null> {
  const [name] = c.get('caller').spendsFrom
  return askAccountOf(c, name, ask)
}

/** Asks the object of an account; null while it cannot be reached. @param name its id */
export async function askAccountOf<Result>(
  c: Context<App>,
  name: string,
  ask: (stub: DurableObjectStub<Account>) => Promise<Result>,
): Promise<Result | null> {
  try {
    return await inTime(ask(accountStub(c.env, name)), settingsOf(c.env).ACCOUNT_MS)
  } catch (error) {
    logFault(error, c.get('requestId'))
    return null
  }
}

/** What is told of an account whose object cannot be reached. */
export const ACCOUNT_AWAY = {
  code: 'upstream_degraded',
  message: 'the account of this key does not answer now',
} as const
