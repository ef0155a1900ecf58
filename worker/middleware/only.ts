import type { MiddlewareHandler } from 'hono'
import type { App } from '../context.ts'
import { answerError } from '../site/answer-error.tsx'

/** Lets these methods through; HEAD too is refused unless it is named, as its answer would cost the same work. */
export function only(
  ...methods: readonly ('GET' | 'HEAD' | 'POST' | 'DELETE')[]
): MiddlewareHandler<App> {
  return (c, next) => {
    if (methods.some((method) => method === c.req.raw.method)) return next()
    c.header('Allow', methods.join(', '))
    const told = methods.filter((method) => method !== 'HEAD')
    const message = `this address answers ${told.join(' and ')} only`
    return Promise.resolve(answerError(c, { code: 'method_not_allowed', message }))
  }
}
