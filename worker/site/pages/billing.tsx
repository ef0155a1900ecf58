import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `/dashboard/billing`, `/dashboard/settings`. */
export function addBillingPages(_app: OpenAPIHono<App>): void {}
