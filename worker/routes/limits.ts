import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { AccountLimits } from '#core/account-word'
import { printInstant } from '#core/instant'
import { planOf } from '#core/plan'
import { type LimitsAnswer, limitsAnswer } from '#core/wire/account-answer'
import { answerData } from '../answer.ts'
import type { App } from '../context.ts'
import { accountAnswers } from '../describe-read.ts'
import { ACCOUNT_AWAY, askCallersAccount } from '../gate/account-object.ts'
import { noParams } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'

const DAY_US = 86_400_000_000

const EXAMPLE: LimitsAnswer = {
  plan: 'pro',
  requests: { per_second: 100, burst: 200, remaining: 199 },
  streams: { connections: 10, open: 1, markets: 5000 },
  history_days: null,
  streamed_range_days: 366,
  credits: {
    from_ts: '2026-11-01T00:00:00.000000Z',
    to_ts: '2026-12-01T00:00:00.000000Z',
    included: 3_000_000,
    used: 120_417,
    reserved: 3,
    left: 2_879_580,
    overage: 0,
    overage_cap: 0,
  },
  key: { month_cap: null, used: 417 },
}

const route = createRoute({
  method: 'get',
  path: '/v1/limits',
  tags: ['Account'],
  summary: 'What the account may do, and how far it has come this month; free',
  ...scoped('live', 'history', 'account'),
  request: { query: noParams },
  responses: accountAnswers('The limits', limitsAnswer, EXAMPLE),
})

/** `GET /v1/limits`. */
export function addLimits(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const limits = await askCallersAccount(
      c,
      async (stub): Promise<AccountLimits | null> => stub.limits(),
    )
    if (limits === null) return refuse(c, ACCOUNT_AWAY)
    const answer = printLimits(limits, c.get('caller').keyId)
    return answerData(c, answer, { caching: 'none', credits: 0 })
  })
}

function printLimits(limits: AccountLimits, keyId: string): LimitsAnswer {
  const { rate, streams, fromUs, toUs } = limits
  const plan = planOf(limits.plan)
  const key = limits.keys.find(({ id }) => id === keyId)
  return {
    plan: limits.plan,
    requests: { per_second: rate.perS, burst: rate.burst, remaining: Math.floor(rate.remaining) },
    streams: { connections: streams.connections, open: streams.open, markets: streams.markets },
    history_days: plan.historyUs && plan.historyUs / DAY_US,
    streamed_range_days: plan.streamedRangeUs && plan.streamedRangeUs / DAY_US,
    credits: {
      from_ts: printInstant(fromUs),
      to_ts: printInstant(toUs),
      included: limits.included,
      used: limits.used,
      reserved: limits.held,
      left: limits.left,
      overage: limits.over,
      overage_cap: limits.overageCap,
    },
    key: key === undefined ? null : { month_cap: key.monthCap, used: key.used },
  }
}
