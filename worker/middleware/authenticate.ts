import type { MiddlewareHandler } from 'hono'
import type { App } from '../context.ts'
import { setRate } from '../gate/account-headers.ts'
import { identify } from '../gate/identify.ts'
import { addressRate } from '../gate/tries.ts'
import { refuse } from '../refuse.ts'

/** What anybody may read. */
const OPEN = ['/v1/status', '/v1/status/history']

/** Lets through who is known; who is not is told how many wrong keys his address may still try. */
export const authenticate: MiddlewareHandler<App> = async (c, next) => {
  // It stands on whatever is answered before an account has its say.
  setRate(c, addressRate(c))
  if (OPEN.includes(c.req.path)) return next()
  const identified = await identify(c)
  if (!identified.ok) {
    // A try that failed is counted.
    setRate(c, addressRate(c))
    return refuse(c, identified.error)
  }
  c.set('caller', identified.caller)
  c.set('ticketMarket', identified.ticketMarket ?? null)
  return next()
}
