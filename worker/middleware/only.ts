import type { MiddlewareHandler } from 'hono'
import type { App } from '../context.ts'
import { refuse } from '../refuse.ts'

/** Lets one method through; with GET alone HEAD too is refused, as its answer would cost the same work. */
export function only(method: 'GET' | 'POST'): MiddlewareHandler<App> {
  return (c, next) => {
    if (c.req.raw.method === method) return next()
    c.header('Allow', method)
    const message = `this address answers ${method} only`
    return Promise.resolve(refuse(c, { code: 'method_not_allowed', message }))
  }
}
