import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Settlement } from '#core/settlement'
import {
  printSettlement,
  SETTLEMENT_COLUMNS,
  type WireSettlement,
  wireSettlement,
} from '#core/wire/settlement'
import { answerList } from '../answer-list.ts'
import { byKey } from '../by-key.ts'
import type { App } from '../context.ts'
import { listAnswers } from '../describe-read.ts'
import { noSuch } from '../no-such.ts'
import { listParams, tickerParam } from '../params.ts'
import { scoped } from '../scoped.ts'
import { findMarket } from '../store/markets.ts'
import { listSettlements } from '../store/settlements.ts'

const EXAMPLE: WireSettlement = {
  type: 'settlement',
  market: 'KXBTCD-26NOV2217-T95000',
  n: 0,
  result: 'yes',
  settlement_value: '1.0000',
  determined_us: 1795350000000000,
  settled_us: 1795353600000000,
  recv_us: 1795350000231877,
  source: 'stream',
}

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/settlements',
  tags: ['The record'],
  summary: 'The results of a market',
  ...scoped('history'),
  request: { params: tickerParam, query: z.strictObject({ ...listParams }) },
  responses: listAnswers(
    'Every result that the exchange gave the market: the last is the one that counts',
    wireSettlement,
    EXAMPLE,
    ['not_found'],
    { columns: SETTLEMENT_COLUMNS },
  ),
})

/** `GET /v1/markets/{ticker}/settlements`. */
export function addSettlements(app: OpenAPIHono<App>): void {
  app.openapi(route, (c) => {
    const { ticker } = c.req.valid('param')
    const { cursor, limit, order } = c.req.valid('query')
    const position = ({ n }: Settlement) => [String(n)]
    return answerList(c, {
      route: route.path,
      params: { ticker, order },
      cost: 'page',
      asked: { cursor, limit },
      wire: printSettlement,
      position,
      columns: SETTLEMENT_COLUMNS,
      open: async (sql, start) => {
        const market = await findMarket(sql, ticker)
        if (market === null) return { ok: false, error: noSuch('market', ticker) }
        const batches = byKey(start, {
          position,
          read: (place, limit) => {
            const after = place === null ? null : Number(place[0])
            return listSettlements(sql, market, { after, order, limit })
          },
        })
        return { ok: true, range: null, batches }
      },
    })
  })
}
