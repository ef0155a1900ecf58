import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type Micros, printInstant } from '#core/instant'
import { type MarketAnswer, marketAnswer } from '#core/wire/market-answer'
import { answerData } from '../answer.ts'
import { type App, readMarketData } from '../context.ts'
import { objectAnswers } from '../describe-read.ts'
import { noSuch } from '../no-such.ts'
import { noParams, tickerParam } from '../params.ts'
import { refuse } from '../refuse.ts'
import { scoped } from '../scoped.ts'
import { findDetails, type MarketDetails, type Settlement } from '../store/market-details.ts'

const EXAMPLE: MarketAnswer = {
  ticker: 'KXBTCD-26NOV2217-T94999.99',
  event: 'KXBTCD-26NOV2217',
  series: 'KXBTCD',
  title: 'Bitcoin price on Nov 22, 2026 at 5pm EST?',
  subtitle: '$95,000 or above',
  yes_sub_title: '$95,000 or above',
  no_sub_title: '$95,000 or above',
  market_type: 'binary',
  market_status: 'finalized',
  created_ts: '2026-11-21T22:00:02.000000Z',
  open_ts: '2026-11-21T22:00:00.000000Z',
  close_ts: '2026-11-22T22:00:00.000000Z',
  expected_expiration_ts: '2026-11-22T22:05:00.000000Z',
  latest_expiration_ts: '2026-11-29T22:00:00.000000Z',
  occurrence_ts: null,
  can_close_early: true,
  early_close_condition: null,
  rules_primary: 'If the price is above 94999.99 at 5pm EST, then the market resolves to Yes.',
  rules_secondary: null,
  strike_type: 'greater',
  floor_strike: '94999.99',
  cap_strike: null,
  functional_strike: null,
  custom_strike: null,
  notional_value: '1.0000',
  price_level_structure: 'linear_cent',
  price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
  fees: { fee_type: 'quadratic', fee_multiplier: '1' },
  fee_waiver_expiration_ts: null,
  result: 'yes',
  expiration_value: '95120.44',
  settlement_value: '1.0000',
  settlement_ts: '2026-11-22T22:07:00.000000Z',
  settlement_timer_seconds: 120,
  settlement: {
    result: 'yes',
    settlement_value: '1.0000',
    determined_ts: '2026-11-22T22:05:00.000000Z',
    settled_ts: '2026-11-22T22:07:00.000000Z',
  },
  is_provisional: false,
  exchange_index: 0,
  primary_participant_key: null,
  mve_collection: null,
  mve_selected_legs: null,
  first_seen_ts: '2026-11-21T21:59:31.204118Z',
  updated_ts: '2026-11-22T22:07:01.118204Z',
  covered: { from_ts: '2026-11-21T22:00:00.118204Z', through_ts: '2026-11-22T22:30:00.250000Z' },
}

const route = createRoute({
  method: 'get',
  path: '/v1/markets/{ticker}',
  tags: ['Metadata'],
  summary: 'Everything known of one market',
  ...scoped('live', 'history'),
  request: { params: tickerParam, query: noParams },
  responses: objectAnswers('The market', marketAnswer, EXAMPLE, ['not_found']),
})

/** `GET /v1/markets/{ticker}`. */
export function addMarket(app: OpenAPIHono<App>): void {
  app.openapi(route, async (c) => {
    const { ticker } = c.req.valid('param')
    const market = await readMarketData(c, (sql) => findDetails(sql, ticker))
    if (market === null) return refuse(c, noSuch('market', ticker))
    return answerData(c, printMarket(market), { caching: 'check', credits: 1 })
  })
}

function printMarket(market: MarketDetails): MarketAnswer {
  return {
    ticker: market.ticker,
    event: market.event,
    series: market.series,
    title: market.title,
    subtitle: market.subtitle,
    yes_sub_title: market.yesSubTitle,
    no_sub_title: market.noSubTitle,
    market_type: market.marketType,
    market_status: market.status,
    created_ts: print(market.created),
    open_ts: print(market.open),
    close_ts: print(market.close),
    expected_expiration_ts: print(market.expectedExpiration),
    latest_expiration_ts: print(market.latestExpiration),
    occurrence_ts: print(market.occurrence),
    can_close_early: market.canCloseEarly,
    early_close_condition: market.earlyCloseCondition,
    rules_primary: market.rulesPrimary,
    rules_secondary: market.rulesSecondary,
    strike_type: market.strikeType,
    floor_strike: market.floorStrike,
    cap_strike: market.capStrike,
    functional_strike: market.functionalStrike,
    custom_strike: market.customStrike,
    notional_value: market.notionalValue,
    price_level_structure: market.priceLevelStructure,
    price_ranges: market.priceRanges as MarketAnswer['price_ranges'],
    fees: { fee_type: market.fees.type, fee_multiplier: market.fees.multiplier },
    fee_waiver_expiration_ts: print(market.feeWaiverExpiration),
    result: market.result,
    expiration_value: market.expirationValue,
    settlement_value: market.settlementValue,
    settlement_ts: print(market.settled),
    settlement_timer_seconds: market.settlementTimerSeconds,
    settlement: market.settlement && printSettlement(market.settlement),
    is_provisional: market.isProvisional,
    exchange_index: market.exchangeIndex,
    primary_participant_key: market.primaryParticipantKey,
    mve_collection: market.mveCollection,
    mve_selected_legs: market.mveSelectedLegs,
    first_seen_ts: printInstant(market.firstSeen),
    updated_ts: printInstant(market.updated),
    covered: { from_ts: print(market.recordedFrom), through_ts: print(market.recordedThrough) },
  }
}

function printSettlement({ result, value, determined, settled }: Settlement) {
  return {
    result,
    settlement_value: value,
    determined_ts: print(determined),
    settled_ts: print(settled),
  }
}

function print(at: Micros | null): string | null {
  return at === null ? null : printInstant(at)
}
