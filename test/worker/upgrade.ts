import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { ErrorEnvelope } from '#core/wire/api'
import { call } from './api.ts'
import { TestSocket } from './socket.ts'

/** A page that tickets of tests are made for. */
export const PAGE = 'https://page.test'

/** What became of an upgrade: a socket, or the code of the refusal. */
export type Upgraded = {
  readonly status: number
  readonly headers: Headers
  readonly code: string | null
  readonly socket: TestSocket | null
}

/** Asks for a websocket with these headers. */
export async function upgrade(path: string, headers: Record<string, string>): Promise<Upgraded> {
  const request = new Request(`https://kalshibook.test${path}`, {
    headers: { Upgrade: 'websocket', ...headers },
  })
  const answer = await exports.default.fetch(request)
  const { status, webSocket } = answer
  if (webSocket !== null) {
    return { status, headers: answer.headers, code: null, socket: new TestSocket(webSocket) }
  }
  const { error } = (await answer.json()) as ErrorEnvelope
  return { status, headers: answer.headers, code: error.code, socket: null }
}

/** Opens a stream with a ticket, and closes it if it opened. */
export async function openTicket(
  ticket: string,
  path: string,
  origin: string | null,
): Promise<Upgraded> {
  const protocol = { 'Sec-WebSocket-Protocol': `kb.v1, ${ticket}` }
  const opened = await upgrade(path, origin === null ? protocol : { ...protocol, Origin: origin })
  opened.socket?.close()
  return opened
}

/** Takes a ticket with a key, which must be given. */
export async function takeTicket(
  asked: { readonly market?: string; readonly origin?: string },
  headers: Record<string, string> = {},
  key: string = env.TEST_KEYS.good,
): Promise<string> {
  const body = JSON.stringify(asked)
  const answer = await call('/v1/stream/tickets', { 'X-API-Key': key, ...headers }, 'POST', body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return (answer.body['data'] as { ticket: string }).ticket
}
