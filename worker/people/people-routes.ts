import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../context.ts'
import { only } from '../middleware/only.ts'
import { addConfirmRoute } from './confirm-route.ts'
import { addDeleteRoute } from './delete-route.ts'
import { addMailRoutes } from './mail-routes.ts'
import { addSessionRoutes } from './session-routes.ts'
import { addSignInRoute } from './sign-in-route.ts'

const POSTED = [
  '/auth/sign-up',
  '/auth/sign-in',
  '/auth/magic-link',
  '/auth/reset',
  '/auth/password',
  '/auth/sign-out',
  '/account/delete',
]

/** The calls of our own pages about people: sign-up to deletion. They are no part of the API. */
export function addPeople(app: OpenAPIHono<App>): void {
  for (const path of POSTED) app.use(path, only('POST'))
  app.use('/account/session', only('GET'))
  addMailRoutes(app)
  addSignInRoute(app)
  addConfirmRoute(app)
  addSessionRoutes(app)
  addDeleteRoute(app)
}
