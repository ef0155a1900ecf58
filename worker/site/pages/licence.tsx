import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `GET /licence`. */
export function addLicence(_app: OpenAPIHono<App>): void {}
