import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ApiError } from '#core/api-error'
import { rangeFault } from '#core/asked-instant'
import { type Caching, cachingOfPast } from '#core/caching'
import { countCoverage, type Stretch, wholeDays } from '#core/coverage'
import { type Micros, printInstant } from '#core/instant'
import { type CoverageAnswer, coverageAnswer, printCoverage } from '#core/wire/coverage-answer'
import { answerData } from '../answer.ts'
import { type App, askMarketData } from '../context.ts'
import { objectAnswers } from '../describe-read.ts'
import { noSuch } from '../no-such.ts'
import { nowUs } from '../now.ts'
import { rangeParams, tickerParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import type { Ask } from '../store/ask.ts'
import { readDays } from '../store/coverage.ts'
import { type LogSpan, readLogSpan } from '../store/log-span.ts'

const DAY_US = 86_400_000_000
const MOST_DAYS = 1000

const EXAMPLE: CoverageAnswer = {
  ticker: 'KXBTCD-26NOV2217-T95000',
  state: 'open',
  first_ts: '2026-11-21T16:59:00.000000Z',
  first_seq: 33547989549056,
  last_ts: '2026-11-21T23:59:41.231877Z',
  last_seq: 33547989591210,
  through_ts: '2026-11-22T00:00:00.000000Z',
  from_ts: '2026-11-21T00:00:00.000000Z',
  to_ts: '2026-11-22T00:00:00.000000Z',
  records: 42155,
  deltas: 42150,
  covered_seconds: 25258,
  gap_seconds: 2,
  gaps: 1,
  grade: 'B',
  days: [
    {
      day: '2026-11-21',
      records: 42155,
      deltas: 42150,
      covered_seconds: 25258,
      gap_seconds: 2,
      gaps: 1,
      grade: 'B',
    },
  ],
}

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/coverage',
  tags: ['The record'],
  summary: 'What the record of a market’s book holds, day by day',
  ...scoped('history'),
  request: { params: tickerParam, query: z.strictObject(rangeParams) },
  responses: objectAnswers(
    `What is held of the whole UTC days that the range touches, at most ${MOST_DAYS}; those of the whole log when none is given`,
    coverageAnswer,
    EXAMPLE,
    ['not_found', 'range_not_covered', 'range_too_large'],
  ),
})

export type Told =
  | { readonly ok: true; readonly answer: CoverageAnswer; readonly caching: Caching }
  | { readonly ok: false; readonly error: ApiError }

/** `GET /v1/markets/{ticker}/coverage`. */
export function addCoverage(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { ticker } = c.req.valid('param')
    const { from, to } = c.req.valid('query')
    const now = nowUs()
    const wrong = rangeFault(from, to, now)
    if (wrong !== null) return refuse(c, wrong)
    const told = await askMarketData(c, (ask) => tellCoverage(ask, ticker, { from, to, now }))
    if (!told.ok) return refuse(c, told.error)
    return answerData(c, told.answer, { caching: told.caching, credits: 1 })
  })
}

type Asked = { readonly from: Micros | undefined; readonly to: Micros | undefined; now: Micros }

/** What the record holds of a market, of the whole days that a range touches; or why that cannot be told. Throws as Postgres does. */
export async function tellCoverage(ask: Ask, ticker: string, asked: Asked): Promise<Told> {
  const span = await readLogSpan(ask, ticker)
  if (span === null) return { ok: false, error: noSuch('market', ticker) }
  const log = loggedIn(span)
  const days = daysOf(span, log, asked)
  if (days !== null && 'code' in days) return { ok: false, error: days }
  const told = { ...span, ticker, days }
  if (days === null) {
    const counted = countCoverage({ days: NEVER, log: null, records: [], gaps: [] })
    return { ok: true, answer: printCoverage(told, counted), caching: 'check' }
  }
  const held = await readDays(ask, span.marketId, days)
  // A day was dropped meanwhile: nothing is told of it.
  if (held.keptFromUs > span.keptFromUs) return tellCoverage(ask, ticker, asked)
  const counted = countCoverage({ days, log, ...held })
  const final = span.throughUs !== null && span.throughUs >= days.toUs
  const caching = final ? cachingOfPast(days.toUs, asked.now) : 'check'
  return { ok: true, answer: printCoverage(told, counted), caching }
}

const NEVER: Stretch = { fromUs: 0 as Micros, toUs: 0 as Micros }

/** A log that is closed is not to be known any more; one that is open is known as far as all of it is stored. */
function loggedIn({ first, last, ended, throughUs }: LogSpan): Stretch | null {
  if (first === null || last === null || throughUs === null) return null
  return { fromUs: first.recvUs, toUs: ended === null ? throughUs : last.recvUs }
}

/** The days to tell of: as asked, as far as they are kept and have begun; null when there are none. */
function daysOf(
  { keptFromUs, first, throughUs }: LogSpan,
  log: Stretch | null,
  { from, to, now }: Asked,
): Stretch | ApiError | null {
  const fromUs = from ?? log?.fromUs
  if (fromUs === undefined) return null
  const toUs = Math.min(to ?? Math.max(log?.toUs ?? 0, fromUs + 1), now + 1) as Micros
  const days = wholeDays({ fromUs, toUs })
  const kept = { ...days, fromUs: Math.max(days.fromUs, keptFromUs) as Micros }
  if (kept.fromUs >= kept.toUs) {
    const from_ts = first && printInstant(first.recvUs)
    const covered = { from_ts, through_ts: first && throughUs && printInstant(throughUs) }
    const message = 'lies before the record begins'
    return { code: 'range_not_covered', param: 'to', message, covered }
  }
  if (kept.toUs - kept.fromUs <= MOST_DAYS * DAY_US) return kept
  const message = `at most ${MOST_DAYS} days are told of in one request; give from and to`
  return { code: 'range_too_large', param: 'from', message }
}
