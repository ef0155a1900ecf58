import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `GET /markets`, `/markets/{ticker}`. */
export function addMarketPages(_app: OpenAPIHono<App>): void {}
