import type { Loss } from './loss.ts'

/** A ticket for one socket, or why there is none. */
export type TicketAnswer = { readonly kind: 'ticket'; readonly ticket: string } | Loss

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/**
 * Asks for a ticket by API key (`POST /v1/stream/tickets`), for a page: a browser's socket cannot bear a key.
 * @param base the API's address, `https://…`
 * @param market the one market that is followed, or `*`
 * @param signal calls it off
 */
export async function askTicket(
  fetch: Fetch,
  base: string,
  apiKey: string,
  market: string,
  signal: AbortSignal,
): Promise<TicketAnswer> {
  let answer: Response
  try {
    answer = await fetch(new URL('/v1/stream/tickets', base).href, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ market }),
      signal,
    })
  } catch (error) {
    return { kind: 'unreachable', message: String(error) }
  }
  const body = (await answer.json().catch(() => null)) as {
    readonly data?: { readonly ticket?: unknown }
    readonly error?: { readonly message?: unknown; readonly retry_after_ms?: unknown }
  } | null
  const ticket = body?.data?.ticket
  if (answer.ok && typeof ticket === 'string') return { kind: 'ticket', ticket }
  if (answer.ok) return { kind: 'unreachable', message: 'the answer holds no ticket' }
  const { message, retry_after_ms } = body?.error ?? {}
  return {
    kind: 'refused',
    status: answer.status,
    message: typeof message === 'string' ? message : `status ${answer.status}`,
    retryAfterMs: typeof retry_after_ms === 'number' ? retry_after_ms : null,
  }
}
