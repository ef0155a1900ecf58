import type { Context } from 'hono'
import type { LeaseWord } from '#core/admission'
import type { ApiError } from '#core/api-error'
import type { Ticker } from '#core/ticker'
import { STREAM_CLOSE } from '#core/wire/stream'
import type { App } from './context.ts'
import { ACCOUNT_AWAY } from './gate/account-object.ts'
import { askLeases, endLeases } from './live/account-leases.ts'
import { printLease } from './live/stream-lease.ts'
import { refuse } from './refuse.ts'
import { handOn } from './upgrade.ts'

type Refused = Extract<LeaseWord, { ok: false }>

/** Who has as many streams as it may is let in again when one of them ends. */
const TRY_AGAIN_MS = 5000

/**
 * Has the caller's account open a stream, and hands its socket on to an object. Should that not take it, the account is told
 * that the stream has ended.
 * @param headers what the object is told beside the lease
 * @param holder the market whose object it is; null for the account's Gateway
 */
export async function handOnLeased(
  c: Context<App>,
  target: { fetch(request: Request): Promise<Response> },
  headers: Readonly<Record<string, string>>,
  holder: Ticker | null,
): Promise<Response> {
  const { accountId, keyId, rev } = c.get('caller')
  const lease = c.get('requestId')
  const ask = { lease, keyId, rev, marketMinutes: 0 }
  const end = () => c.executionCtx.waitUntil(endLeases(c.env, accountId, [ask]))
  const said = await askLeases(c.env, accountId, [{ ...ask, holder }])
  const word = said.kind === 'words' ? said.words[0] : undefined
  if (word === undefined) {
    // It may have opened it all the same.
    end()
    const code = said.kind === 'overloaded' ? 'rate_limited' : ACCOUNT_AWAY.code
    return refuse(c, { ...ACCOUNT_AWAY, code })
  }
  if (!word.ok) return refuse(c, refusalOf(word))
  const { plan, streams } = word
  const held = printLease({ lease, account: accountId, keyId, rev, plan, streams })
  let taken = false
  try {
    const response = await handOn(c, target, { ...headers, ...held })
    taken = response.status === 101
    return response
  } finally {
    if (!taken) end()
  }
}

/** How a stream that its account does not let open is refused on the upgrade. */
function refusalOf({ code, reason: message }: Refused): ApiError {
  switch (code) {
    case STREAM_CLOSE.tooManyConnections:
      return { code: 'rate_limited', message, retryAfterMs: TRY_AGAIN_MS }
    case STREAM_CLOSE.outOfCredits:
      return { code: 'quota_exceeded', message }
    case STREAM_CLOSE.keyRevoked:
      return { code: 'key_revoked', message }
    case STREAM_CLOSE.planForbids:
      return { code: 'forbidden', message }
  }
}
