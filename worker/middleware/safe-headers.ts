import type { MiddlewareHandler } from 'hono'
import { CACHE_CONTROL } from '#core/caching'
import type { App } from '../context.ts'

/**
 * For answers that browsers show or our pages read: none is framed, sniffed, read by another site or sent over plain HTTP,
 * none is kept that does not say so, and no address of ours, which may hold a link's token, is told to others. A page's
 * own word stays.
 */
export const SAFE_HEADERS = {
  'Cache-Control': CACHE_CONTROL.none,
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
  for (const [name, value] of Object.entries(SAFE_HEADERS)) {
    if (!c.res.headers.has(name)) c.header(name, value)
  }
}
