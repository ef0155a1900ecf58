import type { Context } from 'hono'
import { isApiKey } from '#core/api-key'
import { ANY_MARKET } from '#core/ticket'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { hmac, printHex } from '../hmac.ts'
import { identifySigned } from '../keys/identify-signed.ts'
import { offeredTickets } from '../subprotocol.ts'
import { redeemTicket } from '../ticket.ts'
import { isUpgrade } from '../upgrade.ts'
import { type Identified, UNKNOWN_KEY } from './caller.ts'
import { lookUpKey, recallKey } from './found-keys.ts'
import { judgeKey } from './judge-key.ts'
import { triesOf } from './tries.ts'

/**
 * Who calls: by an API key in a header, or on a stream's upgrade by a ticket in place of it. Throws DatabaseAwayError.
 * @returns with the market that a ticket opens, `*` for any
 */
export async function identify(
  c: Context<App>,
): Promise<Identified & { readonly ticketMarket?: string }> {
  const stream = isUpgrade(c) ? streamOf(c.req.path) : null
  const [ticket, ...more] = stream === null ? [] : offeredTickets(c)
  if (stream === null || ticket === undefined) return identifyByKey(c)
  const key = c.req.header('Authorization') ?? c.req.header('X-API-Key')
  if (more.length > 0) return unauthorized('two tickets are offered')
  if (key !== undefined) return unauthorized('a key and a ticket are given: one of them opens')
  return redeemTicket(c, ticket, stream)
}

/** The market whose stream is at a path, `*` for any; null when no stream is there. */
function streamOf(path: string): string | null {
  if (path === '/v1/stream') return ANY_MARKET
  return /^\/v1\/markets\/([^/]+)\/stream$/.exec(path)?.[1] ?? null
}

/** Form and checksum first; then what is known already; then, for an address that has tries left, a look-up. */
async function identifyByKey(c: Context<App>): Promise<Identified> {
  const given = givenKey(c)
  if ('wrong' in given) return unauthorized(given.wrong)
  const signed = await identifySigned(c, given.key)
  if (signed !== null) return signed
  if (!isApiKey(given.key)) return { ok: false, error: UNKNOWN_KEY }
  const pepper = settingsOf(c.env).KEY_PEPPER_V1
  if (pepper === null) {
    const message = 'API keys cannot be checked now'
    return { ok: false, error: { code: 'upstream_degraded', message } }
  }
  const hash = printHex(await hmac(pepper, given.key))
  const known = recallKey(c.env, hash)
  if (known !== null) return judgeKey(known.key)
  const tries = triesOf(c)
  const { retryAfterMs } = tries.left()
  if (retryAfterMs > 0) {
    const message = 'too many unknown API keys came from this address'
    return { ok: false, error: { code: 'rate_limited', message, retryAfterMs } }
  }
  const key = await lookUpKey(c, hash)
  if (key === null) tries.failed()
  return judgeKey(key)
}

function unauthorized(message: string): Identified {
  return { ok: false, error: { code: 'unauthorized', message } }
}

function givenKey(c: Context<App>): { key: string } | { wrong: string } {
  const authorization = c.req.header('Authorization')
  const bearer =
    authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
  if (authorization !== undefined && bearer === undefined) {
    return { wrong: 'Authorization must be: Bearer kb_live_…' }
  }
  const header = c.req.header('X-API-Key')?.trim()
  if (bearer !== undefined && header !== undefined && bearer !== header) {
    return { wrong: 'Authorization and X-API-Key bear two different keys' }
  }
  const key = bearer ?? header
  return key === undefined
    ? { wrong: 'an API key is needed: Authorization: Bearer kb_live_… or X-API-Key: kb_live_…' }
    : { key }
}
