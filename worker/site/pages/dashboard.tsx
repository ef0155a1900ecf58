import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `/dashboard` and its parts of usage, log and connections. */
export function addDashboard(_app: OpenAPIHono<App>): void {}
