import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { printInstant } from '#core/instant'
import { type WhoamiAnswer, whoamiAnswer } from '#core/wire/account-answer'
import { answerData } from '../answer.ts'
import { type App, readAccounts } from '../context.ts'
import { accountAnswers } from '../describe-read.ts'
import { noParams } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { findKeyName } from '../store/api-keys.ts'

const EXAMPLE: WhoamiAnswer = {
  account: '0b0f6c8e-3c1c-4f0e-9a55-0a4b8f0b4c11',
  plan: 'pro',
  key: {
    id: '5a1d3f9c-7f3e-4a65-8b59-2f1f0f7f7a10',
    name: 'notebook',
    scopes: ['live', 'history'],
    expires_ts: null,
  },
}

const route = createRoute({
  method: 'get',
  path: '/v1/whoami',
  tags: ['Account'],
  summary: 'Whose key it is and what it may do; free',
  ...scoped('live', 'history', 'account'),
  request: { query: noParams },
  responses: accountAnswers('The account and the key', whoamiAnswer, EXAMPLE),
})

/** `GET /v1/whoami`. */
export function addWhoami(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { accountId, keyId, scopes } = c.get('caller')
    const [admitted, named] = await Promise.all([
      c.get('meter').admitted(),
      readAccounts(c, (sql) => findKeyName(sql, keyId)),
    ])
    if (!admitted.ok) return refuse(c, admitted.error)
    const answer: WhoamiAnswer = {
      account: accountId,
      plan: admitted.plan,
      key: {
        id: keyId,
        name: named?.name ?? null,
        scopes: [...scopes],
        expires_ts: named?.expiresUs ? printInstant(named.expiresUs) : null,
      },
    }
    return answerData(c, answer, { caching: 'none', credits: 0 })
  })
}
