import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { rangeFault } from '#core/asked-instant'
import type { Micros } from '#core/instant'
import type { Seq } from '#core/log'
import { rangeBeforeRecord } from '#core/past-book'
import { pageOf } from '#core/wire/api'
import { printRecord, wireRecord } from '#core/wire/record'
import { type App, readMarketData } from '../context.ts'
import { given } from '../given.ts'
import { nowUs } from '../now.ts'
import { openPage } from '../page.ts'
import {
  cursorParam,
  instantParam,
  limitParam,
  PAGE_ROWS,
  seqParam,
  tickerParam,
} from '../params.ts'
import { REFUSAL, refuse } from '../refuse.ts'
import { coverageOf } from '../store/book-history.ts'
import { listRecords } from '../store/deltas.ts'
import { findMarket } from '../store/markets.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/deltas',
  summary: 'A market’s log, oldest first',
  request: {
    params: tickerParam,
    query: z.strictObject({
      from: instantParam.optional(),
      to: instantParam.optional(),
      after_seq: seqParam.optional(),
      cursor: cursorParam.optional(),
      limit: limitParam.default(PAGE_ROWS),
    }),
  },
  responses: {
    200: {
      description: 'A page of records',
      content: { 'application/json': { schema: pageOf(wireRecord) } },
    },
    default: REFUSAL,
  },
})

/** `GET /v1/markets/{ticker}/deltas`. */
export function addDeltas(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { ticker } = c.req.valid('param')
    const { cursor, limit, from, to, after_seq } = c.req.valid('query')
    const params = { ticker, from, to, after_seq }
    const page = await openPage(c, { route: route.path, params }, cursor)
    if (!page.ok) return refuse(c, page.error)
    const wrong = rangeFault(from, to, nowUs())
    if (wrong !== null) return refuse(c, wrong)
    const [recvUs, seq] = (page.position ?? []).map(Number)
    const after = recvUs === undefined ? undefined : { recvUs: recvUs as Micros, seq: seq as Seq }
    const found = await readMarketData(c, async (sql) => {
      const market = await findMarket(sql, ticker)
      if (market === null) return null
      const rows = await listRecords(sql, market.id, {
        ...given({ fromUs: from, toUs: to, afterSeq: after_seq, after }),
        limit: limit + 1,
      })
      const coverage = rows.records.length > 0 ? null : await coverageOf(sql, market.id)
      return { ...rows, coverage }
    })
    if (found === null) {
      return refuse(c, { code: 'not_found', message: `there is no market ${ticker}` })
    }
    const early = found.coverage && rangeBeforeRecord({ coverage: found.coverage }, to)
    if (early !== null) return refuse(c, early)
    const shown = found.records.slice(0, limit)
    const last = found.records.length > limit ? shown.at(-1) : undefined
    const next = last && (await page.cursorAt([String(last.recv), String(last.seq)]))
    return c.json(
      {
        data: shown.map(printRecord),
        next_cursor: next ?? null,
        meta: { request_id: c.get('requestId'), credits: 1, through_us: found.throughUs },
      },
      200,
    )
  })
}
