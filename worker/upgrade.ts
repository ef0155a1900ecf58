import type { Context } from 'hono'
import type { App } from './context.ts'
import { refuse } from './refuse.ts'

/** Refuses what does not ask for a websocket; null when it does. */
export function refusePlain(c: Context<App>) {
  if (c.req.header('Upgrade')?.toLowerCase() === 'websocket') return null
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
  const { webSocket, status } = await target.fetch(request)
  if (status !== 101 || webSocket === null) throw new TypeError('the object took no websocket')
  const answer = { 'X-Request-Id': c.get('requestId') }
  return new Response(null, { status: 101, webSocket, headers: answer })
}
