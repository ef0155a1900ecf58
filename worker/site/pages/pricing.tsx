import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `GET /pricing`. */
export function addPricing(_app: OpenAPIHono<App>): void {}
