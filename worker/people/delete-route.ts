import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type App, readAccounts } from '../context.ts'
import { nowUs } from '../now.ts'
import { refuse } from '../refuse.ts'
import { closeAccount } from '../store/account-deletions.ts'
import { findPersonAccount } from '../store/person-account.ts'
import { answerPerson } from './answer-person.ts'
import { forgetPerson, goOnDeleting } from './deletion.ts'
import { requirePerson } from './session.ts'
import { clearSessionCookies } from './session-cookies.ts'
import { AWAY } from './signed-in.ts'
import { SupabaseAwayError } from './supabase.ts'

/**
 * `POST /account/delete`, with a fresh session: the account is closed and its keys are revoked in one transaction; what
 * cannot be done at once is named in the answer, and done by the schedule.
 */
export function addDeleteRoute(app: OpenAPIHono<App>): void {
  app.post('/account/delete', deleteAccount)
}

async function deleteAccount(c: Context<App>): Promise<Response> {
  const found = await requirePerson(c, { fresh: true })
  if (!found.ok) return refuse(c, found.error)
  const { personId } = found.person
  const account = await readAccounts(c, (sql) => findPersonAccount(sql, personId))
  try {
    if (account === null && !(await forgetPerson(c.env, personId))) return refuse(c, AWAY)
  } catch (error) {
    if (error instanceof SupabaseAwayError) return refuse(c, AWAY)
    throw error
  }
  if (account !== null) {
    await readAccounts(c, (sql) => closeAccount(sql, account.accountId, nowUs()))
  }
  const left = account === null ? [] : await goOnDeleting(c.env, account.accountId)
  clearSessionCookies(c)
  return answerPerson(c, { deleted: true, left })
}
