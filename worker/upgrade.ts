import type { Context } from 'hono'
import type { App } from './context.ts'
import { accountHeaders } from './gate/account-headers.ts'
import type { Meter } from './gate/meter.ts'
import { refuse } from './refuse.ts'
import { offeredProtocols, SUBPROTOCOL } from './subprotocol.ts'

/** Whether a request asks for a websocket. */
export function isUpgrade(c: Context<App>): boolean {
  return c.req.header('Upgrade')?.toLowerCase() === 'websocket'
}

/** Refuses what does not ask for a websocket; null when it does. */
export function refusePlain(c: Context<App>) {
  if (isUpgrade(c)) return null
  const message = 'this address speaks websocket: Upgrade must be websocket'
  return refuse(c, { code: 'invalid_param', param: 'Upgrade', message })
}

/**
 * Hands a websocket on to an object, by a request made anew: no header of the caller goes with it.
 * @param headers what the object is told of the caller
 */
export async function handOn(
  c: Context<App>,
  target: { fetch(request: Request): Promise<Response> },
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const request = new Request('https://object/', { headers: { ...headers, Upgrade: 'websocket' } })
  const response = await target.fetch(request)
  const { webSocket, status } = response
  if (status !== 101 || webSocket === null) throw new TypeError('the object took no websocket')
  // The collector's sockets have none.
  const meter: Meter | undefined = c.get('meter')
  const admitted = await meter?.admitted()
  const ofAccount = admitted === undefined ? [] : accountHeaders(admitted, admitted.left)
  const answer = new Headers([['X-Request-Id', c.get('requestId')], ...ofAccount])
  // A browser gives up unless one of those that it offers is named; a ticket is never repeated.
  if (offeredProtocols(c).includes(SUBPROTOCOL)) answer.set('Sec-WebSocket-Protocol', SUBPROTOCOL)
  return new Response(null, { status: 101, webSocket, headers: answer })
}
