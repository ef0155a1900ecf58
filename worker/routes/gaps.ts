import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { rangeFault } from '#core/asked-instant'
import type { Gap, Seq } from '#core/log'
import { rangeBeforeRecord } from '#core/past-book'
import { pageOf } from '#core/wire/api'
import { type WireRecord, wireGap } from '#core/wire/record'
import { type App, readMarketData } from '../context.ts'
import { given } from '../given.ts'
import { nowUs } from '../now.ts'
import { openPage } from '../page.ts'
import { cursorParam, instantParam, limitParam, tickerParam } from '../params.ts'
import { REFUSAL, refuse } from '../refuse.ts'
import { coverageOf } from '../store/book-history.ts'
import { listGaps } from '../store/gaps.ts'
import { findMarket } from '../store/markets.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/gaps',
  summary: 'The intervals in which a market’s book is not known, oldest first',
  request: {
    params: tickerParam,
    query: z.strictObject({
      from: instantParam.optional(),
      to: instantParam.optional(),
      cursor: cursorParam.optional(),
      limit: limitParam,
    }),
  },
  responses: {
    200: {
      description: 'A page of gaps that overlap the range, with their bounds as known now',
      content: { 'application/json': { schema: pageOf(wireGap) } },
    },
    default: REFUSAL,
  },
})

/** `GET /v1/markets/{ticker}/gaps`. */
export function addGaps(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { ticker } = c.req.valid('param')
    const { cursor, limit, from, to } = c.req.valid('query')
    const page = await openPage(c, { route: route.path, params: { ticker, from, to } }, cursor)
    if (!page.ok) return refuse(c, page.error)
    const wrong = rangeFault(from, to, nowUs())
    if (wrong !== null) return refuse(c, wrong)
    const [after] = (page.position ?? []).map((seq) => Number(seq) as Seq)
    const found = await readMarketData(c, async (sql) => {
      const market = await findMarket(sql, ticker)
      if (market === null) return null
      const rows = await listGaps(sql, market.id, {
        ...given({ fromUs: from, toUs: to, after }),
        limit: limit + 1,
      })
      const coverage = rows.gaps.length > 0 ? null : await coverageOf(sql, market.id)
      return { ...rows, coverage }
    })
    if (found === null) {
      return refuse(c, { code: 'not_found', message: `there is no market ${ticker}` })
    }
    const early = found.coverage && rangeBeforeRecord({ coverage: found.coverage }, to)
    if (early !== null) return refuse(c, early)
    const shown = found.gaps.slice(0, limit)
    const last = found.gaps.length > limit ? shown.at(-1) : undefined
    return c.json(
      {
        data: shown.map(printGap),
        next_cursor: last === undefined ? null : await page.cursorAt([String(last.seq)]),
        meta: { request_id: c.get('requestId'), through_us: found.throughUs },
      },
      200,
    )
  })
}

/** A gap with its bounds as known now; on streams and in the log `to_us` stays null. */
function printGap(gap: Gap): Extract<WireRecord, { type: 'gap' }> {
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
