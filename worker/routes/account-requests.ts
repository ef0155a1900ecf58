import type { OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { BROKE_OFF, CALL_OUTCOMES, type LoggedCall, outcomeOf, pageOfCalls } from '#core/call-log'
import { type Micros, printInstant } from '#core/instant'
import { answerData } from '../answer.ts'
import type { App } from '../context.ts'
import { ACCOUNT_AWAY, askAccountOf } from '../gate/account-object.ts'
import { only } from '../middleware/only.ts'
import { paramFault } from '../param-fault.ts'
import { requireSession } from '../people/session.ts'
import { refuse } from '../refuse.ts'

const PATH = '/account/requests'
const MOST_PAGES = 10

const asked = z.strictObject({
  outcome: z.enum(CALL_OUTCOMES).optional(),
  key: z.string().min(1).max(64).optional(),
  page: z.coerce.number().int().min(1).max(MOST_PAGES).default(1),
})

/** `GET /account/requests`: the last 1,000 calls of the account of who is signed in, a hundred a page. */
export function addAccountRequests(app: OpenAPIHono<App>): void {
  app.use(PATH, only('GET'))
  app.get(PATH, async (c) => {
    const checked = await requireSession(c)
    if (!checked.ok) return refuse(c, checked.error)
    const read = asked.safeParse(c.req.query())
    if (!read.success) return refuse(c, paramFault(read.error.issues))
    const calls = await askAccountOf(
      c,
      checked.session.accountId,
      async (stub): Promise<readonly LoggedCall[]> => stub.calls(),
    )
    if (calls === null) return refuse(c, ACCOUNT_AWAY)
    const { outcome = null, key: keyId = null, page } = read.data
    const found = pageOfCalls(calls, { outcome, keyId, page })
    const { total, pages } = found
    const answer = { calls: found.calls.map(printCall), total, page, pages }
    return answerData(c, answer, { caching: 'none', credits: 0 })
  })
}

function printCall(call: LoggedCall) {
  const { requestId, atMs, keyId, method, route, state, status, credits, ms } = call
  return {
    request_id: requestId,
    ts: printInstant((atMs * 1000) as Micros),
    key: keyId,
    method,
    route,
    outcome: outcomeOf(call),
    status: status === BROKE_OFF ? 200 : status,
    broke_off: status === BROKE_OFF,
    lost: state === 'lost',
    credits,
    ms,
  }
}
