import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { App } from '../../context.ts'
import { readSessionCookies } from '../../people/session-cookies.ts'
import { answerFault } from '../answer-fault.tsx'
import type { Attempted } from '../form-fields.tsx'
import { isFresh } from '../is-fresh.ts'
import { KEY_STYLES } from '../keys/key-styles.ts'
import { type OwnError, ownCall } from '../own-call.ts'
import { answerPage } from '../page.tsx'
import { readForm } from '../read-form.ts'
import { type Somebody, signedInOr, signInAgain } from '../require-person.tsx'
import { formStatus } from '../say-refusal.ts'
import { DeletedPage, DeletePage } from '../settings/delete-page.tsx'
import { SettingsPage } from '../settings/settings-page.tsx'
import { sitePath } from '../site-path.ts'

const PATH = '/dashboard/settings'

/** `/dashboard/settings`: the address, the password, the way out, and the end of the account. */
export function addSettingsPages(app: OpenAPIHono<App>): void {
  sitePath(app, PATH)
  sitePath(app, `${PATH}/password`, 'POST')
  sitePath(app, `${PATH}/delete`, 'GET', 'POST')
  sitePath(app, `${PATH}/deleted`)

  app.get(PATH, (c) => withPerson(c, (who) => answerSettings(c, who, null)))

  app.post(`${PATH}/password`, async (c) => {
    const { password = '', csrf_token = '' } = await readForm(c)
    const answer = await ownCall(c, '/auth/password', { password }, csrf_token)
    if (answer.ok) return c.redirect(`${PATH}?password=changed`, 303)
    const { error } = answer
    const again = signInAgain(c, error, PATH)
    return again ?? withPerson(c, (who) => answerSettings(c, who, { typed: {}, error }))
  })

  app.get(`${PATH}/delete`, (c) => withPerson(c, (who) => answerDelete(c, who, null)))

  app.post(`${PATH}/delete`, async (c) => {
    const typed = await readForm(c)
    return withPerson(c, async (who) => {
      if (!isSame(typed['email'] ?? '', who.email)) {
        return answerDelete(c, who, { typed, error: otherAddress(c) })
      }
      const answer = await ownCall(c, '/account/delete', {}, typed['csrf_token'] ?? '')
      if (answer.ok) return c.redirect(`${PATH}/deleted`, 303)
      const { error } = answer
      if (error.code === 'upstream_degraded') return answerFault(c, error, `${PATH}/delete`)
      return signInAgain(c, error, PATH) ?? answerDelete(c, who, { typed, error })
    })
  })

  app.get(`${PATH}/deleted`, (c) =>
    // Whoever has a session was led here by somebody else: theirs is not deleted.
    readSessionCookies(c) === null
      ? answerPage(c, { title: 'Your account is deleted', body: <DeletedPage /> })
      : c.redirect(PATH, 303),
  )
}

function isSame(typed: string, email: string): boolean {
  return typed.trim().toLowerCase() === email.toLowerCase()
}

function otherAddress(c: Context<App>): OwnError {
  const message = 'is not the address of this account'
  const requestId = c.get('requestId')
  return { code: 'invalid_param', param: 'email', message, retryAfterMs: null, requestId }
}

type Answer = Response | Promise<Response>

async function withPerson(c: Context<App>, show: (who: Somebody) => Answer): Promise<Response> {
  const who = await signedInOr(c, PATH)
  return who instanceof Response ? who : show(who)
}

function answerSettings(c: Context<App>, who: Somebody, attempted: Attempted): Answer {
  const isChanged = c.req.query('password') === 'changed'
  const body = (
    <SettingsPage who={who} fresh={isFresh(who)} attempted={attempted} isChanged={isChanged} />
  )
  const status = formStatus(c, attempted)
  return answerPage(c, { title: 'Settings', body, styles: KEY_STYLES }, status)
}

function answerDelete(c: Context<App>, who: Somebody, attempted: Attempted): Answer {
  const body = <DeletePage who={who} fresh={isFresh(who)} attempted={attempted} />
  const status = formStatus(c, attempted)
  return answerPage(c, { title: 'Delete the account', body, styles: KEY_STYLES }, status)
}
