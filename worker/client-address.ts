import type { Context } from 'hono'
import type { App } from './context.ts'

/**
 * The address that the platform saw the caller at, never one that a caller may write; null where there is no platform.
 * https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-connecting-ip
 */
export function clientAddress(c: Context<App>): string | null {
  return c.req.header('CF-Connecting-IP') ?? null
}
