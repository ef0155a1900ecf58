import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `/llms.txt` and what else machines read. */
export function addMachineFiles(_app: OpenAPIHono<App>): void {}
