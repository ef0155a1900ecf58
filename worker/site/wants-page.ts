import type { Context } from 'hono'
import type { App } from '../context.ts'

/** Where programs call: nothing there is answered with a page, whatever they say they take. */
const CALLED =
  /^\/(?:v1|auth|account|stripe|internal|site|visitor-keys|(?:openapi|asyncapi)\.json)(?:\/|$)/
/** Pages among them. */
const PAGES = ['/account', '/account/password', '/auth/confirm']

/** Whether a person looks at what is answered: a browser asks for a page where pages are. */
export function wantsPage(c: Context<App>): boolean {
  const { path } = c.req
  if (CALLED.test(path) && !PAGES.includes(path)) return false
  return (c.req.header('Accept') ?? '').includes('text/html')
}
