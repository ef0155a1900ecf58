import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { rangeFault } from '#core/asked-instant'
import type { Micros } from '#core/instant'
import type { Gap, Seq } from '#core/log'
import { rangeBeforeRecord } from '#core/past-book'
import type { Column } from '#core/wire/csv'
import { type WireRecord, wireGap } from '#core/wire/record'
import { answerList } from '../answer-list.ts'
import { byKey } from '../by-key.ts'
import type { App } from '../context.ts'
import { listAnswers } from '../describe-read.ts'
import { readFrom } from '../gate/history.ts'
import { given } from '../given.ts'
import { noSuch } from '../no-such.ts'
import { nowUs } from '../now.ts'
import { listParams, rangeParams, tickerParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { askBy } from '../store/ask.ts'
import { reachesOf } from '../store/book-history.ts'
import { listGaps } from '../store/gaps.ts'
import { findMarket } from '../store/markets.ts'

type WireGap = Extract<WireRecord, { type: 'gap' }>

const EXAMPLE: WireGap = {
  type: 'gap',
  seq: 33547989549058,
  cause: 'cut',
  from_us: 1795345898131376,
  to_us: 1795345899731376,
  prev_seq: 33547989549057,
  event_us: null,
  recv_us: 1795345898631376,
}

const COLUMNS: readonly Column<WireGap>[] = [
  ['seq', (gap) => gap.seq],
  ['cause', (gap) => gap.cause],
  ['from_us', (gap) => gap.from_us],
  ['to_us', (gap) => gap.to_us],
  ['prev_seq', (gap) => gap.prev_seq],
  ['recv_us', (gap) => gap.recv_us],
]

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/gaps',
  tags: ['The record'],
  summary: 'The intervals in which a market’s book is not known',
  ...scoped('history'),
  request: { params: tickerParam, query: z.strictObject({ ...rangeParams, ...listParams }) },
  responses: listAnswers(
    'The gaps that overlap the range, with their bounds as known now',
    wireGap,
    EXAMPLE,
    ['not_found', 'range_not_covered', 'range_too_large'],
    { columns: COLUMNS },
  ),
})

/** `GET /v1/markets/{ticker}/gaps`. */
export function addGaps(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { ticker } = c.req.valid('param')
    const { cursor, limit, order, from, to } = c.req.valid('query')
    const now = nowUs()
    const wrong = rangeFault(from, to, now)
    if (wrong !== null) return refuse(c, wrong)
    const read = await readFrom(c, { from, to })
    if (!read.ok) return refuse(c, read.error)
    const position = ({ seq }: Gap) => [String(seq)]
    return answerList(c, {
      route: route.path,
      params: { ticker, from, to, order },
      cost: 'rows',
      asked: { cursor, limit },
      wire: printGap,
      position,
      columns: COLUMNS,
      open: async (sql, start) => {
        const market = await findMarket(sql, ticker)
        if (market === null) return { ok: false, error: noSuch('market', ticker) }
        const reaches = await reachesOf(askBy(sql), [market.id])
        const coverage = reaches.get(market.id) ?? { first: null, throughUs: null }
        const error = rangeBeforeRecord({ coverage }, to)
        if (error !== null) return { ok: false, error }
        const fromUs = read.from ?? coverage.first?.recvUs ?? now
        const range = { fromUs, toUs: Math.min(to ?? now, now) as Micros }
        const batches = byKey(start, {
          position,
          read: (place, most) => {
            const after = place === null ? undefined : (Number(place[0]) as Seq)
            const span = given({ fromUs: read.from, toUs: to, after })
            return listGaps(sql, market.id, { ...span, order, limit: most })
          },
        })
        return { ok: true, range, batches }
      },
    })
  })
}

/** A gap with its bounds as known now; on streams and in the log `to_us` stays null. */
function printGap(gap: Gap): WireGap {
  return {
    type: 'gap',
    seq: gap.seq,
    cause: gap.cause,
    from_us: gap.from,
    to_us: gap.to,
    prev_seq: gap.prevSeq,
    event_us: null,
    recv_us: gap.noticed,
  }
}
