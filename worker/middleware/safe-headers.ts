import type { MiddlewareHandler } from 'hono'
import type { App } from '../context.ts'

/**
 * For answers that browsers show or our pages read: none is framed, sniffed, read by another site or sent over plain HTTP,
 * and no address of ours, which may hold a link's token, is told to others. A page's own policy stays.
 */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
} as const

/** Sets what keeps browsers safe on answers that are no part of the API. */
export const safeHeaders: MiddlewareHandler<App> = async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(HEADERS)) {
    if (!c.res.headers.has(name)) c.header(name, value)
  }
}
