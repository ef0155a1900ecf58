import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** The references of the REST API and of the streams. */
export function addReferences(_app: OpenAPIHono<App>): void {}
