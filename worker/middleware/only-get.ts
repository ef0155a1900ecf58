import type { MiddlewareHandler } from 'hono'
import type { App } from '../context.ts'
import { refuse } from '../refuse.ts'

/** Every address is read, by GET; HEAD too is refused, as its answer would cost the same work. */
export const onlyGet: MiddlewareHandler<App> = async (c, next) => {
  if (c.req.raw.method === 'GET') return next()
  c.header('Allow', 'GET')
  return refuse(c, { code: 'method_not_allowed', message: 'this address answers GET only' })
}
