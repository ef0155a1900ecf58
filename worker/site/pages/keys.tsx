import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { SCOPES } from '#core/scope'
import type { App } from '../../context.ts'
import { readKeys } from '../account-keys.ts'
import { answerRefusal } from '../answer-fault.tsx'
import { DashboardTabs } from '../dashboard-tabs.tsx'
import type { Attempted } from '../form-fields.tsx'
import { isFresh } from '../is-fresh.ts'
import { formError } from '../keys/form-error.ts'
import { KeyList } from '../keys/key-list.tsx'
import { KEY_STYLES } from '../keys/key-styles.ts'
import { answerMade } from '../keys/made-key-page.tsx'
import { FirstKeyForm, NewKeyForm } from '../keys/new-key-form.tsx'
import { readCap } from '../keys/read-cap.ts'
import { SignInFirst } from '../keys/sign-in-first.tsx'
import { ownCall } from '../own-call.ts'
import { answerPage } from '../page.tsx'
import { readForm } from '../read-form.ts'
import { type Somebody, signedInOr, signInAgain } from '../require-person.tsx'
import { formStatus } from '../say-refusal.ts'
import { sitePath } from '../site-path.ts'
import { addKeyPage } from './key.tsx'

const PATH = '/dashboard/keys'
const FIRST = `${PATH}?first=1`

/** `/dashboard/keys`: the keys of who is signed in, and the making of one; `?first=1` after signing up. */
export function addKeyPages(app: OpenAPIHono<App>): void {
  sitePath(app, PATH, 'GET', 'POST')
  app.get(PATH, async (c) => {
    const isFirst = c.req.query('first') === '1'
    const who = await signedInOr(c, isFirst ? FIRST : PATH)
    return who instanceof Response ? who : answerList(c, who, null)
  })
  app.post(PATH, async (c) => {
    const who = await signedInOr(c, PATH)
    if (who instanceof Response) return who
    const typed = await readForm(c)
    const answer = await ownCall(c, '/account/keys', fieldsOf(typed), typed['csrf_token'] ?? '')
    if (answer.ok) return answerMade(c, answer.data)
    const attempted = { typed, error: formError(answer.error) }
    return signInAgain(c, answer.error, PATH) ?? answerList(c, who, attempted)
  })
  addKeyPage(app)
}

function fieldsOf(typed: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const { name = '', expires = '', month_cap = '', request_id = '' } = typed
  return {
    name,
    scopes: SCOPES.filter((scope) => typed[`scope_${scope}`] !== undefined),
    // The day that was chosen is the last one on which it works.
    expires: expires === '' ? null : endOfDay(expires),
    month_cap: readCap(month_cap),
    ...(request_id === '' ? {} : { request_id }),
  }
}

function endOfDay(day: string): string {
  const end = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000)
  return Number.isNaN(end.getTime()) ? day : end.toISOString()
}

async function answerList(c: Context<App>, who: Somebody, attempted: Attempted): Promise<Response> {
  const read = await readKeys(c)
  if (!read.ok) return answerRefusal(c, read.error, PATH)
  const { keys } = read
  const fresh = isFresh(who)
  const form = { csrf: who.csrf, word: crypto.randomUUID() }
  const isFirst = keys.length === 0 && attempted === null
  const body = (
    <>
      <DashboardTabs path={PATH} />
      <h1>Keys</h1>
      {isFirst && fresh ? <FirstKeyForm {...form} /> : null}
      {isFirst ? null : <KeyList keys={keys} />}
      {c.req.query('revoked') === '1' ? (
        <div class="note" role="status">
          <p>The key is revoked: its next call is refused.</p>
        </div>
      ) : null}
      {fresh ? (
        isFirst ? (
          <details class="other">
            <summary>Choose its name, rights and limits first</summary>
            <NewKeyForm {...form} attempted={attempted} />
          </details>
        ) : (
          <NewKeyForm {...form} attempted={attempted} />
        )
      ) : (
        <SignInFirst
          what={isFirst ? 'To make your first key' : 'To make or change a key'}
          next={PATH}
        />
      )}
    </>
  )
  const status = formStatus(c, attempted)
  return answerPage(c, { title: 'Keys', body, styles: KEY_STYLES, csrf: who.csrf }, status)
}
