import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'

/** `/signup`, `/login`, `/reset`, `/account/password`, `/auth/confirm`, `/sign-out`. */
export function addSignInPages(_app: OpenAPIHono<App>): void {}
