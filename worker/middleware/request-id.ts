import type { MiddlewareHandler } from 'hono'
import type { App } from '../context.ts'

/** Gives each request an id of ours, never the caller's; an answer that does not say otherwise costs nothing and may not be kept. */
export const requestId: MiddlewareHandler<App> = async (c, next) => {
  const id = `req_${crypto.randomUUID().replaceAll('-', '')}`
  c.set('requestId', id)
  c.header('X-Request-Id', id)
  c.header('Cache-Control', 'private, no-store')
  c.header('X-Credits-Cost', '0')
  await next()
}
