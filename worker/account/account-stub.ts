import type { Env } from '../env.ts'
import type { Account } from './account.ts'

/** The object of an account. @param name its id, or `visitors:…` for those who have none */
export function accountStub(env: Env, name: string): DurableObjectStub<Account> {
  return env.ACCOUNT.getByName(name, { locationHint: 'enam' })
}
