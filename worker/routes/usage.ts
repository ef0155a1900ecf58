import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { rangeFault } from '#core/asked-instant'
import { type Micros, printInstant } from '#core/instant'
import { hourOf, monthOf } from '#core/period'
import { sumUsage, totalUsage, USAGE_BY } from '#core/usage-sums'
import { type UsageAnswer, usageAnswer } from '#core/wire/account-answer'
import { answerData } from '../answer.ts'
import type { App } from '../context.ts'
import { accountAnswers } from '../describe-read.ts'
import { ACCOUNT_AWAY } from '../gate/account-object.ts'
import { readUsage } from '../gate/read-usage.ts'
import { nowUs } from '../now.ts'
import { rangeParams, wordOrFirst } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'

const HOUR_US = 3_600_000_000
const DAY_US = 24 * HOUR_US
const MOST_DAYS = 93

const EXAMPLE: UsageAnswer = {
  from_ts: '2026-11-22T09:00:00.000000Z',
  to_ts: '2026-11-22T10:00:00.000000Z',
  total: { requests: 42, failed: 2, credits: 40 },
  rows: [
    {
      hour_us: 1_795_338_000_000_000,
      key: null,
      route: null,
      requests: 42,
      failed: 2,
      credits: 40,
    },
  ],
}

const route = createRoute({
  method: 'get',
  path: '/v1/usage',
  tags: ['Account'],
  summary: 'What the account used, by hour, key or route; free',
  ...scoped('account'),
  request: {
    query: z.strictObject({
      ...rangeParams,
      by: wordOrFirst(USAGE_BY, 'What it is summed by; all is by hour, key and route'),
    }),
  },
  responses: accountAnswers(
    `The usage of the whole UTC hours that the range touches, at most ${MOST_DAYS} days; of this month when no from is given. What is under way counts when it is done`,
    usageAnswer,
    EXAMPLE,
    ['range_too_large'],
  ),
})

/** `GET /v1/usage`. */
export function addUsage(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { from, to, by } = c.req.valid('query')
    const now = nowUs()
    const wrong = rangeFault(from, to, now)
    if (wrong !== null) return refuse(c, wrong)
    const fromUs = hourOf(from ?? monthOf(Math.min(to ?? now, now) as Micros).fromUs)
    const toUs = hourOf((Math.min(to ?? now, now) + HOUR_US - 1) as Micros)
    if (toUs - fromUs > MOST_DAYS * DAY_US) {
      const message = `at most ${MOST_DAYS} days are told of in one request; give from and to`
      return refuse(c, { code: 'range_too_large', param: 'from', message })
    }
    const rows = await readUsage(c, c.get('caller').accountId, { fromUs, toUs })
    if (rows === null) return refuse(c, ACCOUNT_AWAY)
    const answer: UsageAnswer = {
      from_ts: printInstant(fromUs),
      to_ts: printInstant(toUs),
      total: totalUsage(rows),
      rows: sumUsage(rows, by).map(({ hourUs, keyId, route: path, ...sums }) => ({
        hour_us: hourUs,
        key: keyId,
        route: path,
        ...sums,
      })),
    }
    return answerData(c, answer, { caching: 'none', credits: 0 })
  })
}
