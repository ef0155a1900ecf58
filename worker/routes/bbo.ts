import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { rangeFault } from '#core/asked-instant'
import type { ToldBbo } from '#core/bbo-replay'
import type { Micros } from '#core/instant'
import { BBO_COLUMNS, printBbo, type WireBbo, wireBbo } from '#core/wire/bbo'
import { answerList } from '../answer-list.ts'
import { bboBatches, bboPosition } from '../bbo-batches.ts'
import type { App } from '../context.ts'
import { listAnswers } from '../describe-read.ts'
import { readFrom } from '../gate/history.ts'
import { given } from '../given.ts'
import { logNotCovered } from '../log-not-covered.ts'
import { noSuch } from '../no-such.ts'
import { nowUs } from '../now.ts'
import { listParams, rangeParams, tickerParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { logBegin } from '../store/log-begin.ts'
import { findMarkets } from '../store/named-markets.ts'

const EXAMPLE: WireBbo = {
  seq: 33547989549057,
  known: true,
  bid: ['0.4200', '900.00'],
  ask: ['0.4300', '850.00'],
  event_us: 1795345898213000,
  recv_us: 1795345898231877,
}

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/bbo',
  tags: ['The record'],
  summary: 'The changes of a market’s best bid and best ask',
  ...scoped('history'),
  request: { params: tickerParam, query: z.strictObject({ ...rangeParams, ...listParams }) },
  responses: listAnswers(
    'Each change of best bid, best ask or their sizes, in yes prices and in the order of the log. A gap makes both null where it begins as known now, and the snapshot after it is a change again; a page may have fewer rows than its limit, or none, and still a next_cursor',
    wireBbo,
    EXAMPLE,
    ['not_found', 'range_not_covered', 'range_too_large'],
    { columns: BBO_COLUMNS },
  ),
})

/** `GET /v1/markets/{ticker}/bbo`. */
export function addBbo(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { ticker } = c.req.valid('param')
    const { cursor, limit, order, from, to } = c.req.valid('query')
    const now = nowUs()
    const wrong = rangeFault(from, to, now)
    if (wrong !== null) return refuse(c, wrong)
    const read = await readFrom(c, { from, to })
    if (!read.ok) return refuse(c, read.error)
    return answerList(c, {
      route: route.path,
      params: { ticker, from, to, order },
      cost: 'rows',
      asked: { cursor, limit },
      wire: printBbo,
      position: (change: ToldBbo) => bboPosition(order, change),
      columns: BBO_COLUMNS,
      open: async (sql, { after, most, streamed }) => {
        const [market] = await findMarkets(sql, [ticker])
        if (market === undefined) return { ok: false, error: noSuch('market', ticker) }
        const begin = await logBegin(sql, [market.id])
        const afterUs = order === 'asc' && after !== null ? Number(after[0]) : undefined
        const error = logNotCovered(begin, to, afterUs as Micros | undefined)
        if (error !== null) return { ok: false, error }
        const fromUs = read.from ?? begin.firstUs ?? now
        const range = { fromUs, toUs: Math.min(to ?? now, now) as Micros }
        const span = given({ fromUs: read.from, toUs: to, after: after ?? undefined })
        const of = { market, keptUs: begin.keptUs, order, most }
        return { ok: true, range, batches: bboBatches(sql, { ...span, ...of }, streamed) }
      },
    })
  })
}
