import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `GET /status`. */
export function addStatusPage(_app: OpenAPIHono<App>): void {}
