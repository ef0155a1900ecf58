import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `GET /`. */
export function addLanding(_app: OpenAPIHono<App>): void {}
