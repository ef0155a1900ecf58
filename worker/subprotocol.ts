import type { Context } from 'hono'
import type { App } from './context.ts'

/** The subprotocol of our websockets, named by the answer to who offers it. */
export const SUBPROTOCOL = 'kb.v1'

/** The subprotocols that a caller offers for a websocket. */
export function offeredProtocols(c: Context<App>): string[] {
  const given = c.req.header('Sec-WebSocket-Protocol') ?? ''
  return given.split(',').map((each) => each.trim())
}

/** The tickets among the subprotocols that a caller offers. */
export function offeredTickets(c: Context<App>): string[] {
  return offeredProtocols(c).filter((each) => each.startsWith('kbt_'))
}
