import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `/dashboard/keys`. */
export function addKeyPages(_app: OpenAPIHono<App>): void {}
