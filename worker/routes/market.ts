import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import { type Micros, printInstant } from '#core/instant'
import { coveredOf } from '#core/past-book'
import { marketAnswer } from '#core/wire/market-answer'
import { answerData } from '../answer.ts'
import { type App, readMarketData } from '../context.ts'
import { objectAnswers } from '../describe-read.ts'
import { noParams, tickerParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { coverageOf } from '../store/book-history.ts'
import type { Coverage } from '../store/history-head.ts'
import { findMarket, type Market } from '../store/markets.ts'
import { printMarketSummary } from './markets.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}',
  summary: 'Everything known of one market',
  request: { params: tickerParam, query: noParams },
  responses: objectAnswers('The market', marketAnswer, {}, ['not_found']),
})

/** `GET /v1/markets/{ticker}`. */
export function addMarket(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { ticker } = c.req.valid('param')
    const data = await readMarketData(c, async (sql) => {
      const market = await findMarket(sql, ticker)
      return market && printMarket(market, await coverageOf(sql, market.id))
    })
    return data === null
      ? refuse(c, { code: 'not_found', message: `there is no market ${ticker}` })
      : answerData(c, data, { caching: 'check', credits: 1 })
  })
}

function printMarket(market: Market, coverage: Coverage): z.infer<typeof marketAnswer> {
  const print = (at: Micros | null) => at && printInstant(at)
  return {
    ...printMarketSummary(market),
    expected_expiration_ts: print(market.expectedExpiration),
    latest_expiration_ts: print(market.latestExpiration),
    rules_primary: market.rulesPrimary,
    rules_secondary: market.rulesSecondary,
    strike_type: market.strikeType,
    floor_strike: market.floorStrike,
    cap_strike: market.capStrike,
    price_level_structure: market.priceLevelStructure,
    price_ranges: market.priceRanges,
    settlement_value: market.settlementValue,
    settlement_ts: print(market.settlement),
    can_close_early: market.canCloseEarly,
    first_seen_ts: print(market.firstSeen),
    updated_ts: print(market.updated),
    covered: coveredOf({ coverage }),
  }
}
