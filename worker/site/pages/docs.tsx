import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `/docs` and what machines read. */
export function addDocs(_app: OpenAPIHono<App>): void {}
