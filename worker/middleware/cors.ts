import type { MiddlewareHandler } from 'hono'
import type { App } from '../context.ts'

/** What a page may read of an answer beside what browsers always show it. */
const EXPOSED =
  'X-Request-Id, RateLimit-Policy, RateLimit, X-Credits-Cost, X-Credits-Remaining, X-Holes, ETag, Retry-After'
/** What a page may send. */
const TAKEN = 'Authorization, X-API-Key, Accept, Content-Type, If-None-Match'
const DAY_S = '86400'

/** Lets pages of any origin read, with a key and without credentials; answers their preflights. */
export const cors: MiddlewareHandler<App> = async (c, next) => {
  c.header('Access-Control-Allow-Origin', '*')
  c.header('Access-Control-Expose-Headers', EXPOSED)
  const preflight =
    c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') !== undefined
  if (!preflight) return next()
  c.header('Access-Control-Allow-Methods', 'GET, POST')
  c.header('Access-Control-Allow-Headers', TAKEN)
  c.header('Access-Control-Max-Age', DAY_S)
  return c.body(null, 204)
}
