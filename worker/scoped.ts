import type { Context, MiddlewareHandler } from 'hono'
import { mayDo, type Scope } from '#core/scope'
import type { App } from './context.ts'
import { refuse } from './refuse.ts'

/** To be spread into a route: a key of any one of these scopes may call it. */
export function scoped(...scopes: readonly Scope[]) {
  return { security: securityOf(scopes), middleware: check(() => scopes) }
}

/** To be spread into a stream's route: a key for what is live, or a ticket. */
export const SCOPED_STREAM = {
  ...scoped('live'),
  security: [...securityOf(['live']), { ticket: [] }],
}

/** To be spread into a route that answers for now, which takes a key for what is live, or for the instant that is asked for. */
export const SCOPED_BY_INSTANT = {
  security: securityOf(['live', 'history']),
  middleware: check((c) => {
    const past = c.req.query('at') !== undefined || c.req.query('at_seq') !== undefined
    return past ? ['history'] : ['live']
  }),
}

/** Either header bears the key. */
function securityOf(scopes: readonly Scope[]): { [name: string]: string[] }[] {
  return scopes.flatMap((scope) => [{ bearer: [scope] }, { apiKey: [scope] }])
}

function check(needed: (c: Context<App>) => readonly Scope[]): MiddlewareHandler<App> {
  return (c, next) => {
    const scopes = needed(c)
    if (mayDo(c.get('caller').scopes, scopes)) return next()
    const message = `this key lacks the scope ${scopes.join(' or ')}`
    return Promise.resolve(refuse(c, { code: 'forbidden', message }))
  }
}
