import type { Context } from 'hono'
import type { ApiError } from '#core/api-error'
import { ANY_MARKET, readTicket, ticketPlace, unsealedTicket } from '#core/ticket'
import type { App } from './context.ts'
import { settingsOf } from './env.ts'
import type { Identified } from './gate/caller.ts'
import { identifyById } from './gate/judge-key.ts'
import { hmac, printBase64Url, printHex, sameSecret } from './hmac.ts'
import { identifySignedTicket } from './keys/identify-signed.ts'
import type { Keeping, Ticket } from './live/stream-tickets.ts'
import { ticketsStub } from './live/stubs.ts'

const SECRET_BYTES = 32

const NO_GOOD: ApiError = {
  code: 'unauthorized',
  message: 'this ticket is not known, was used, has expired, or is of another Origin',
}

/** Makes a ticket under a pepper, and has it kept. The text is told to its caller alone and kept nowhere. */
export async function makeTicket(
  c: Context<App>,
  pepper: string,
  ticket: Ticket,
): Promise<{ readonly text: string; readonly keeping: Keeping }> {
  const place = ticketPlace(ticket.account)
  const secret = printBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))
  const unsealed = unsealedTicket(place, secret)
  const text = unsealed + (await sealOf(pepper, unsealed))
  const keeping = await ticketsStub(c.env, place).keep(await hashOf(text), ticket)
  return { text, keeping }
}

/**
 * Lets in who offers a ticket, which is used up by it: whose it is, and the market it opens. One that does not bear our seal
 * is refused before any object is touched.
 * @param market the stream that is asked for, `*` for that of any markets
 * Throws DatabaseAwayError.
 */
export async function redeemTicket(
  c: Context<App>,
  text: string,
  market: string,
): Promise<Identified & { readonly ticketMarket?: string }> {
  const pepper = settingsOf(c.env).KEY_PEPPER_V1
  if (pepper === null) {
    const message = 'tickets cannot be checked now'
    return { ok: false, error: { code: 'upstream_degraded', message } }
  }
  const form = readTicket(text)
  if (form === null || !(await sameSecret(await sealOf(pepper, form.sealed), form.seal))) {
    return { ok: false, error: NO_GOOD }
  }
  const ticket = await ticketsStub(c.env, form.place).redeem(await hashOf(text))
  const origin = c.req.header('Origin') ?? null
  if (ticket === null || ticket.origin !== origin) return { ok: false, error: NO_GOOD }
  const signed = identifySignedTicket(c, ticket)
  const caller = signed ?? (await identifyById(c, ticket.keyId))
  if (!caller.ok) return caller
  if (ticket.market !== ANY_MARKET && ticket.market !== market) {
    const message = `this ticket opens the stream of ${ticket.market} alone`
    return { ok: false, error: { code: 'forbidden', message } }
  }
  return { ...caller, ticketMarket: ticket.market }
}

async function sealOf(pepper: string, unsealed: string): Promise<string> {
  return printBase64Url(await hmac(pepper, `stream ticket ${unsealed}`))
}

/** The bits of a ticket are random: its digest needs no secret. */
async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return printHex(new Uint8Array(digest))
}
