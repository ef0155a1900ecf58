import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Sql } from 'postgres'
import { z } from 'zod'
import { capAsked, expiryFault, keyAsked, revocationAsked, rotationAsked } from '#core/key-asked'
import { accountChanged } from '../account/account-changed.ts'
import { answerData } from '../answer.ts'
import { type App, readAccounts } from '../context.ts'
import type { Changed } from '../keys/change-account.ts'
import { capKey, type KeyPlace, revokeKey, rotateKey } from '../keys/change-key.ts'
import { listKeys } from '../keys/key-row.ts'
import { drawKey, makeKey } from '../keys/make-key.ts'
import { showKey } from '../keys/show-key.ts'
import { usedByKeys } from '../keys/used-by-keys.ts'
import { only } from '../middleware/only.ts'
import { nowUs } from '../now.ts'
import { parseFields } from '../people/read-fields.ts'
import { requireSession } from '../people/session.ts'
import { refuse } from '../refuse.ts'

const PATH = '/account/keys'
const NO_PEPPER = { code: 'upstream_degraded', message: 'no keys can be made now' } as const

/** `/account/keys`: for who is signed in; no API key opens it, whatever its scopes. */
export function addAccountKeys(app: OpenAPIHono<App>): void {
  app.use(PATH, only('GET', 'POST'))
  app.use(`${PATH}/:id/:change`, only('POST'))

  app.get(PATH, async (c) => {
    const checked = await requireSession(c)
    if (!checked.ok) return refuse(c, checked.error)
    const { accountId } = checked.session
    const now = nowUs()
    const [keys, used] = await Promise.all([
      readAccounts(c, (sql) => listKeys(sql, accountId, now)),
      usedByKeys(c.env, accountId),
    ])
    const shown = keys.map((key) => showKey(key, used && (used.get(key.id) ?? 0), now))
    return answer(c, shown)
  })

  app.post(PATH, async (c) => {
    const checked = await requireSession(c, { fresh: true })
    if (!checked.ok) return refuse(c, checked.error)
    const asked = await parseFields(c, keyAsked)
    if (!asked.ok) return refuse(c, asked.error)
    const now = nowUs()
    const { expires } = asked.fields
    const fault = expires === null ? null : expiryFault(expires, now)
    if (fault !== null) {
      return refuse(c, { code: 'invalid_param', param: 'expires', message: fault })
    }
    const drawn = await drawKey(c.env)
    if (drawn === null) return refuse(c, NO_PEPPER)
    const { accountId } = checked.session
    const made = await changed(c, accountId, (sql) =>
      makeKey(sql, accountId, drawn, asked.fields, now),
    )
    if (!made.ok) return refuse(c, made.error)
    return answer(c, { key: drawn.text, ...showKey(made.value, 0, now) })
  })

  app.post(`${PATH}/:id/rotate`, async (c) => {
    const asked = await changeAsked(c, rotationAsked)
    if (!asked.ok) return refuse(c, asked.error)
    const drawn = await drawKey(c.env)
    if (drawn === null) return refuse(c, NO_PEPPER)
    const { place, fields } = asked
    const rotated = await changed(c, place.accountId, (sql) =>
      rotateKey(sql, place, drawn, fields.overlap_hours),
    )
    if (!rotated.ok) return refuse(c, rotated.error)
    const { made, replaced } = rotated.value
    const before = showKey(replaced, null, place.nowUs)
    return answer(c, { key: drawn.text, ...showKey(made, 0, place.nowUs), replaces: before })
  })

  app.post(`${PATH}/:id/revoke`, async (c) => {
    const asked = await changeAsked(c, revocationAsked)
    if (!asked.ok) return refuse(c, asked.error)
    const { place } = asked
    const revoked = await changed(c, place.accountId, (sql) => revokeKey(sql, place))
    if (!revoked.ok) return refuse(c, revoked.error)
    return answer(c, showKey(revoked.value, null, place.nowUs))
  })

  app.post(`${PATH}/:id/cap`, async (c) => {
    const asked = await changeAsked(c, capAsked)
    if (!asked.ok) return refuse(c, asked.error)
    const { place, fields } = asked
    const capped = await changed(c, place.accountId, (sql) => capKey(sql, place, fields.month_cap))
    if (!capped.ok) return refuse(c, capped.error)
    return answer(c, showKey(capped.value, null, place.nowUs))
  })
}

/** Who asks for a change of which key, and what they ask. */
async function changeAsked<Schema extends z.ZodType>(c: Context<App>, schema: Schema) {
  const checked = await requireSession(c, { fresh: true })
  if (!checked.ok) return checked
  const asked = await parseFields(c, schema)
  if (!asked.ok) return asked
  const id = z.uuid().safeParse(c.req.param('id'))
  if (!id.success) {
    const error = { code: 'not_found', message: 'this account has no such key' } as const
    return { ok: false, error } as const
  }
  const { accountId } = checked.session
  const place: KeyPlace = { accountId, keyId: id.data.toLowerCase(), nowUs: nowUs() }
  return { ok: true, place, fields: asked.fields } as const
}

/** Makes a change, and tells the object and the edge of it before it is answered. */
async function changed<Value>(
  c: Context<App>,
  accountId: string,
  change: (sql: Sql) => Promise<Changed<Value>>,
): Promise<Changed<Value>> {
  const made = await readAccounts(c, change)
  if (made.ok && made.changed) await accountChanged(c.env, accountId)
  return made
}

function answer(c: Context<App>, data: unknown): Promise<Response> {
  return answerData(c, data, { caching: 'none', credits: 0 })
}
