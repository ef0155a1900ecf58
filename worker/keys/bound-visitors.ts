import type { Context, MiddlewareHandler } from 'hono'
import type { StreamBounds } from '#core/stream-bounds'
import { VISITOR_CONFLATE_MS, VISITOR_SOCKET_MS, visitorObjection } from '#core/visitor-bounds'
import type { App } from '../context.ts'
import { formatOf, JSON_TYPE } from '../format.ts'
import { nowUs } from '../now.ts'
import { refuse } from '../refuse.ts'
import { showcaseOf } from './showcase.ts'

/** Lets visitors ask for no more than is shown to them; whoever has an account is not looked at. */
export const boundVisitors: MiddlewareHandler<App> = async (c, next) => {
  // Addresses that are open to everybody have no caller.
  const caller: App['Variables']['caller'] | undefined = c.get('caller')
  if (caller?.kind !== 'visitor') return next()
  const ask = { path: c.req.path, query: c.req.query(), streamed: formatOf(c) !== JSON_TYPE }
  const objection = visitorObjection(ask, await showcaseOf(c), nowUs())
  return objection === null ? next() : refuse(c, objection)
}

/** What bounds a caller's stream of any markets; null for whoever has an account. Throws DatabaseAwayError. */
export async function boundsOf(c: Context<App>): Promise<StreamBounds | null> {
  if (c.get('caller').kind !== 'visitor') return null
  return {
    until_ms: Date.now() + VISITOR_SOCKET_MS,
    markets: [...(await showcaseOf(c))],
    conflate_ms: VISITOR_CONFLATE_MS,
  }
}
