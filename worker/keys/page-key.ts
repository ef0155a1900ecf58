import { SCOPES } from '#core/scope'
import { uuidOf } from '#core/signed-key'
import { type Env, settingsOf } from '../env.ts'
import type { Caller, Identified } from '../gate/caller.ts'
import { signKey, verifyKey } from './signed-keys.ts'

/** A page key's life, ms: a sign-out ends it within that. */
export const PAGE_KEY_MS = 900_000
/** By this name an account's pages spend; its object takes ids that begin so without a row of kb.api_keys. */
export const PAGE_KEY_ID = 'page:site'

/** Makes a key by which a page of ours calls for an account; null while no secret is configured. */
export async function makePageKey(
  env: Env,
  accountId: string,
  expiresMs: number,
): Promise<string | null> {
  const { SESSION_SECRET_V1 } = settingsOf(env)
  return SESSION_SECRET_V1 && signKey(SESSION_SECRET_V1, 'page', expiresMs, accountId, '')
}

/** Who calls with a page key. That its account was closed since is for the account's object to know. */
export async function readPageKey(env: Env, text: string, nowMs: number): Promise<Identified> {
  const { SESSION_SECRET_V1 } = settingsOf(env)
  if (SESSION_SECRET_V1 === null) {
    const message = 'page keys cannot be checked now'
    return { ok: false, error: { code: 'upstream_degraded', message } }
  }
  const key = await verifyKey(SESSION_SECRET_V1, text, '', nowMs)
  if (key?.kind !== 'page') {
    const message = 'this page key is not known or has ended: sign in again'
    return { ok: false, error: { code: 'unauthorized', message } }
  }
  return { ok: true, caller: pageCaller(uuidOf(key.account)) }
}

/** The pages of an account as a caller. Its plan is its object's to say: the edge takes it for the smallest. */
export function pageCaller(accountId: string): Caller {
  return {
    kind: 'account',
    accountId,
    keyId: PAGE_KEY_ID,
    rev: 0,
    plan: 'free',
    scopes: [...SCOPES],
    spendsFrom: [accountId],
  }
}
