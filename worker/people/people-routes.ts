import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../context.ts'
import { addDeleteRoute } from './delete-route.ts'
import { addMailRoutes } from './mail-routes.ts'
import { addSessionRoutes } from './session-routes.ts'
import { addSignInRoutes } from './sign-in-routes.ts'

/** The calls of our own pages about people: sign-up to deletion. They are no part of the API. */
export function addPeople(app: OpenAPIHono<App>): void {
  addMailRoutes(app)
  addSignInRoutes(app)
  addSessionRoutes(app)
  addDeleteRoute(app)
}
