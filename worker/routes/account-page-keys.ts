import type { OpenAPIHono } from '@hono/zod-openapi'
import { type Micros, printInstant } from '#core/instant'
import { answerData } from '../answer.ts'
import type { App } from '../context.ts'
import { makePageKey, PAGE_KEY_MS } from '../keys/page-key.ts'
import { only } from '../middleware/only.ts'
import { requireSession } from '../people/session.ts'
import { refuse } from '../refuse.ts'

const PATH = '/account/page-keys'

/** `POST /account/page-keys`: a key of fifteen minutes, by which our pages call for who is signed in. */
export function addAccountPageKeys(app: OpenAPIHono<App>): void {
  app.use(PATH, only('POST'))
  app.post(PATH, async (c) => {
    const checked = await requireSession(c, { vouched: true })
    if (!checked.ok) return refuse(c, checked.error)
    const expiresMs = Date.now() + PAGE_KEY_MS
    const key = await makePageKey(c.env, checked.session.accountId, expiresMs)
    if (key === null) {
      return refuse(c, { code: 'upstream_degraded', message: 'no page keys can be made now' })
    }
    const expires_ts = printInstant((Math.floor(expiresMs / 1000) * 1e6) as Micros)
    return answerData(c, { key, expires_ts }, { caching: 'none', credits: 0 })
  })
}
