import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `GET /playground`. */
export function addPlayground(_app: OpenAPIHono<App>): void {}
