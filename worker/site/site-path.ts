import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../context.ts'
import { only } from '../middleware/only.ts'
import { safeHeaders } from '../middleware/safe-headers.ts'

/**
 * Lets an address of the site be asked by these methods alone, GET when none is named, and keeps browsers safe there. What
 * may be got answers HEAD too: those who watch sites and check links ask so.
 */
export function sitePath(
  app: OpenAPIHono<App>,
  path: string,
  ...methods: readonly ('GET' | 'POST')[]
): void {
  const named = methods.length === 0 ? (['GET'] as const) : methods
  const heads = named.includes('GET') ? (['HEAD'] as const) : []
  app.use(path, safeHeaders, only(...named, ...heads))
}
