import type { Context } from 'hono'
import { addressPrefix } from '#core/address-prefix'
import type { ApiError } from '#core/api-error'
import { countedNetwork, NEW_ACCOUNTS_OF_A_NETWORK } from '#core/new-accounts'
import { normalAddress } from '#core/normal-address'
import { clientAddress } from '../client-address.ts'
import { type App, readAccounts } from '../context.ts'
import { settingsOf } from '../env.ts'
import { hmac, printHex } from '../hmac.ts'
import { nowUs } from '../now.ts'
import { findPersonAccount, makePersonAccount } from '../store/person-account.ts'
import { type SignedIn, UNCONFIGURED, vouchFor } from './signed-in.ts'

export type AccountFinding =
  | { readonly ok: true; readonly accountId: string }
  | { readonly ok: false; readonly error: ApiError }

const CLOSED: ApiError = { code: 'unauthorized', message: 'this account was deleted' }

/**
 * The account of who is signed in. At their first call it is made: Supabase must say that their address is confirmed.
 * Throws DatabaseAwayError.
 */
export async function accountOf(
  c: Context<App>,
  who: Extract<SignedIn, { ok: true }>,
): Promise<AccountFinding> {
  const { personId, email } = who.person
  const found = await readAccounts(c, (sql) => findPersonAccount(sql, personId))
  if (found !== null) {
    return found.closed ? { ok: false, error: CLOSED } : { ok: true, accountId: found.accountId }
  }
  const vouched = await vouchFor(who)
  if (!vouched.ok) return vouched
  const { KEY_PEPPER_V1, NEW_ACCOUNTS_A_DAY } = settingsOf(c.env)
  if (KEY_PEPPER_V1 === null) return { ok: false, error: UNCONFIGURED }
  const now = nowUs()
  const one = {
    personId,
    email,
    claim: printHex(await hmac(KEY_PEPPER_V1, `free credits ${normalAddress(email)}`)),
    network: countedNetwork(addressPrefix(clientAddress(c) ?? '')),
    mostOfNetwork: NEW_ACCOUNTS_OF_A_NETWORK,
    most: NEW_ACCOUNTS_A_DAY,
    nowUs: now,
  }
  const made = await readAccounts(c, (sql) => makePersonAccount(sql, one))
  switch (made.kind) {
    case 'made':
      return { ok: true, accountId: made.accountId }
    case 'full':
      return { ok: false, error: full(made.of, Math.ceil((made.untilUs - now) / 1000)) }
  }
}

function full(of: 'network' | 'day', retryAfterMs: number): ApiError {
  const why =
    of === 'network'
      ? 'several accounts were made from your network in the last 24 hours'
      : 'as many accounts as we take in 24 hours were made'
  const message = `${why}: yours is not made yet, sign in again later and it will be`
  return { code: 'rate_limited', message, retryAfterMs }
}
