import type { Context, MiddlewareHandler } from 'hono'
import { isApiKey } from '#core/api-key'
import { ANY_MARKET } from '#core/ticket'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { hmac, printHex } from '../hmac.ts'
import { type Caller, callerByHash, UNKNOWN_KEY } from '../known-callers.ts'
import { refuse } from '../refuse.ts'
import { offeredTickets } from '../subprotocol.ts'
import { redeemTicket } from '../ticket.ts'
import { isUpgrade } from '../upgrade.ts'

/** What anybody may read. */
const OPEN = ['/v1/status']

/**
 * Lets through who bears a good API key in a header: form and checksum first, then the store. A stream may be opened by a
 * ticket in place of it.
 */
export const authenticate: MiddlewareHandler<App> = async (c, next) => {
  if (OPEN.includes(c.req.path)) return next()
  const caller = await callerOf(c)
  if (!caller.ok) return refuse(c, caller.error)
  c.set('caller', caller.key)
  c.set('ticketMarket', caller.ticketMarket ?? null)
  return next()
}

async function callerOf(c: Context<App>): Promise<Caller & { readonly ticketMarket?: string }> {
  const stream = isUpgrade(c) ? streamOf(c.req.path) : null
  const [ticket, ...more] = stream === null ? [] : offeredTickets(c)
  if (stream === null || ticket === undefined) return callerOfKey(c)
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

async function callerOfKey(c: Context<App>): Promise<Caller> {
  const given = givenKey(c)
  if ('wrong' in given) return unauthorized(given.wrong)
  if (!isApiKey(given.key)) return { ok: false, error: UNKNOWN_KEY }
  const pepper = settingsOf(c.env).KEY_PEPPER_V1
  if (pepper === null) {
    const message = 'API keys cannot be checked now'
    return { ok: false, error: { code: 'upstream_degraded', message } }
  }
  return callerByHash(c, printHex(await hmac(pepper, given.key)))
}

function unauthorized(message: string): Caller {
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
