import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../../context.ts'
import { sitePath } from '../site-path.ts'
import { addConfirmPage } from './confirm.tsx'
import { addLoginPage } from './login.tsx'
import { addMailedLinkPages } from './mailed-link.tsx'
import { addNewPasswordPages } from './new-password.tsx'
import { addSignOutPage } from './sign-out.tsx'
import { addSignUpPage } from './sign-up.tsx'

/** The pages by which somebody signs up, in and out. */
export function addSignInPages(app: OpenAPIHono<App>): void {
  addSignUpPage(app)
  addLoginPage(app)
  addMailedLinkPages(app)
  addConfirmPage(app)
  addNewPasswordPages(app)
  addSignOutPage(app)
  sitePath(app, '/account')
  app.get('/account', (c) => c.redirect('/dashboard', 303))
}
