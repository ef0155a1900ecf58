import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { App } from '../../context.ts'
import { readKeys, type ShownKey } from '../account-keys.ts'
import { answerFault, answerRefusal } from '../answer-fault.tsx'
import type { Attempted } from '../form-fields.tsx'
import { isFresh } from '../is-fresh.ts'
import { formError } from '../keys/form-error.ts'
import { KeyPage, RevokePage } from '../keys/key-page.tsx'
import { KEY_STYLES } from '../keys/key-styles.ts'
import { answerMade } from '../keys/made-key-page.tsx'
import { readCap } from '../keys/read-cap.ts'
import { type OwnError, ownCall } from '../own-call.ts'
import { answerPage } from '../page.tsx'
import { readForm } from '../read-form.ts'
import { type Somebody, signedInOr, signInAgain } from '../require-person.tsx'
import { formStatus } from '../say-refusal.ts'
import { sitePath } from '../site-path.ts'

const KEYS = '/dashboard/keys'
const PATH = `${KEYS}/:id` as const

/** `/dashboard/keys/{id}` and what changes a key: its cap, its successor, its end. */
export function addKeyPage(app: OpenAPIHono<App>): void {
  sitePath(app, PATH)
  sitePath(app, `${PATH}/cap`, 'POST')
  sitePath(app, `${PATH}/rotate`, 'POST')
  sitePath(app, `${PATH}/revoke`, 'GET', 'POST')

  app.get(PATH, (c) =>
    withKey(c, (who, shown) => {
      const note = c.req.query('capped') === '1' ? 'The cap is set.' : null
      return answerKey(c, who, shown, null, note)
    }),
  )

  app.get(`${PATH}/revoke`, (c) =>
    withKey(c, (who, shown) => {
      const body = <RevokePage shown={shown} csrf={who.csrf} />
      return answerPage(c, { title: 'Revoke a key', body, styles: KEY_STYLES })
    }),
  )

  app.post(`${PATH}/cap`, (c) =>
    change(
      c,
      'cap',
      ({ month_cap = '' }) => ({ month_cap: readCap(month_cap) }),
      (path) => c.redirect(`${path}?capped=1`, 303),
    ),
  )

  app.post(`${PATH}/rotate`, (c) =>
    change(
      c,
      'rotate',
      ({ overlap_hours = '' }) => ({ overlap_hours: readCap(overlap_hours) }),
      (_, data) => answerMade(c, data),
    ),
  )

  app.post(`${PATH}/revoke`, (c) =>
    change(
      c,
      'revoke',
      () => ({}),
      () => c.redirect(`${KEYS}?revoked=1`, 303),
    ),
  )
}

type Answer = Response | Promise<Response>

/** Shows something of a key of who is signed in; another account’s is there for nobody. */
async function withKey(
  c: Context<App>,
  show: (who: Somebody, shown: ShownKey) => Answer,
): Promise<Response> {
  const who = await signedInOr(c, KEYS)
  if (who instanceof Response) return who
  const read = await readKeys(c)
  if (!read.ok) return answerRefusal(c, read.error, KEYS)
  const shown = read.keys.find(({ id }) => id === c.req.param('id'))
  return shown === undefined ? answerFault(c, noSuchKey(c), KEYS) : show(who, shown)
}

function noSuchKey(c: Context<App>): OwnError {
  const message = 'this account has no such key'
  return {
    code: 'not_found',
    message,
    param: null,
    retryAfterMs: null,
    requestId: c.get('requestId'),
  }
}

/** Has the JSON route make a change, and goes on; a refusal is shown on the key’s page. */
async function change(
  c: Context<App>,
  what: 'cap' | 'rotate' | 'revoke',
  fieldsOf: (typed: Readonly<Record<string, string>>) => Readonly<Record<string, unknown>>,
  goOn: (path: string, data: Readonly<Record<string, unknown>>) => Answer,
): Promise<Response> {
  const typed = await readForm(c)
  const id = encodeURIComponent(c.req.param('id') ?? '')
  const csrf = typed['csrf_token'] ?? ''
  const answer = await ownCall(c, `/account/keys/${id}/${what}`, fieldsOf(typed), csrf)
  if (answer.ok) return goOn(`${KEYS}/${id}`, answer.data)
  const { error } = answer
  const again = signInAgain(c, error, KEYS)
  if (again !== null) return again
  if (error.code === 'not_found') return answerFault(c, error, KEYS)
  return withKey(c, (who, shown) =>
    answerKey(c, who, shown, { typed, error: formError(error) }, null),
  )
}

function answerKey(
  c: Context<App>,
  who: Somebody,
  shown: ShownKey,
  attempted: Attempted,
  note: string | null,
): Answer {
  const page = { shown, csrf: who.csrf, fresh: isFresh(who), attempted, note }
  const status = formStatus(c, attempted)
  return answerPage(
    c,
    { title: shown.name, body: <KeyPage {...page} />, styles: KEY_STYLES },
    status,
  )
}
