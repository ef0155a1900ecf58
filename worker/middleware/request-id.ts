import type { MiddlewareHandler } from 'hono'
import type { App } from '../context.ts'

/** Gives each request an id of ours, never the caller's, and says on every answer who may keep it. */
export const requestId: MiddlewareHandler<App> = async (c, next) => {
  const id = `req_${crypto.randomUUID().replaceAll('-', '')}`
  c.set('requestId', id)
  c.header('X-Request-Id', id)
  c.header('Cache-Control', 'private, no-store')
  await next()
}
