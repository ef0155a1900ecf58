import type { Context } from 'hono'
import { addressPrefix } from '#core/address-prefix'
import type { ApiError } from '#core/api-error'
import { countedNetwork } from '#core/new-accounts'
import { normalAddress } from '#core/normal-address'
import { type Attempt, countedAttempt } from '#core/sign-in-limits'
import { clientAddress } from '../client-address.ts'
import { type App, readAccounts } from '../context.ts'
import { settingsOf } from '../env.ts'
import { hmac, printHex } from '../hmac.ts'
import { nowUs } from '../now.ts'
import { countTries } from '../store/people-tries.ts'
import { knownBrowser } from './known-browser.ts'
import { UNCONFIGURED } from './signed-in.ts'

/**
 * Counts an attempt, for its address of mail and the caller's network; the error when there were too many, null when it may
 * go on. It is one statement whoever is meant. Throws DatabaseAwayError.
 */
export async function tooMany(
  c: Context<App>,
  attempt: Attempt,
  email: string | null,
): Promise<ApiError | null> {
  const secret = settingsOf(c.env).SESSION_SECRET_V1
  if (secret === null) return UNCONFIGURED
  const now = nowUs()
  const mail = email === null ? null : normalAddress(email)
  const network = countedNetwork(addressPrefix(clientAddress(c) ?? ''))
  const browser = email === null ? null : await knownBrowser(c, secret, email)
  const counted = countedAttempt(attempt, { mail, browser, network }, now)
  if (counted.length === 0) return null
  const hashed = await Promise.all(
    counted.map(async (one) => ({ ...one, hash: printHex(await hmac(secret, `try ${one.who}`)) })),
  )
  const tries = await readAccounts(c, (sql) => countTries(sql, hashed))
  const over = hashed.find(({ hash, most }) => (tries.get(hash) ?? 0) > most)
  if (over === undefined) return null
  const retryAfterMs = Math.ceil((over.untilUs - now) / 1000)
  return { code: 'rate_limited', message: 'that was tried too often: wait a little', retryAfterMs }
}
