import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { rangeFault } from '#core/asked-instant'
import { CHANGE_COLUMNS, printChange, type WireChange, wireChange } from '#core/wire/change'
import { answerList } from '../answer-list.ts'
import { byKey } from '../by-key.ts'
import type { App } from '../context.ts'
import { listAnswers } from '../describe-read.ts'
import { noSuch } from '../no-such.ts'
import { nowUs } from '../now.ts'
import { listParams, rangeParams, tickerParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { listChanges, type StoredChange } from '../store/lifecycle.ts'
import { findMarket } from '../store/markets.ts'

const EXAMPLE: WireChange = {
  type: 'change',
  subject: 'market',
  ticker: 'KXBTCD-26NOV2217-T95000',
  kind: 'determined',
  detail: { result: 'yes', settlement_value: '1.0000', determination_ts: 1795350000 },
  source: 'stream',
  event_us: 1795350000000000,
  recv_us: 1795350000231877,
}

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}/lifecycle',
  tags: ['The record'],
  summary: 'What became of a market besides trading',
  ...scoped('history'),
  request: { params: tickerParam, query: z.strictObject({ ...rangeParams, ...listParams }) },
  responses: listAnswers(
    'Changes of the market’s status, times and price grid, and of the fees of its event and series, since we first saw them, in the order of recv_us, which from and to mean',
    wireChange,
    EXAMPLE,
    ['not_found'],
    { columns: CHANGE_COLUMNS },
  ),
})

/** `GET /v1/markets/{ticker}/lifecycle`. */
export function addLifecycle(app: OpenAPIHono<App>): void {
  app.openapi(route, (c) => {
    const { ticker } = c.req.valid('param')
    const { cursor, limit, order, from, to } = c.req.valid('query')
    const wrong = rangeFault(from, to, nowUs())
    if (wrong !== null) return refuse(c, wrong)
    const position = ({ change, key }: StoredChange) => [String(change.recv), key]
    return answerList(c, {
      route: route.path,
      params: { ticker, from, to, order },
      cost: 'page',
      asked: { cursor, limit },
      wire: ({ change }: StoredChange) => printChange(change),
      position,
      columns: CHANGE_COLUMNS,
      open: async (sql, start) => {
        const market = await findMarket(sql, ticker)
        if (market === null) return { ok: false, error: noSuch('market', ticker) }
        const batches = byKey(start, {
          position,
          read: (place, most) => {
            const [recvUs, key = ''] = place ?? []
            const after = recvUs === undefined ? null : { recvUs: Number(recvUs), key }
            return listChanges(sql, market, { fromUs: from, toUs: to, after, order, limit: most })
          },
        })
        return { ok: true, range: null, batches }
      },
    })
  })
}
