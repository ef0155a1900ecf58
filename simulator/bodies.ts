import type { Size } from '#core/size'
import { printSize } from '#core/size'
import type { Side } from './book.ts'
import { describeSeries, eventTitle, marketTitle, outcome, strike } from './description.ts'
import type { Fee, FeeOverride } from './fees.ts'
import type { Trade } from './floor.ts'
import { printLadder } from './frames.ts'
import { printDollars, printRanges } from './grid.ts'
import { isCombo, type Market } from './market.ts'
import { printTimestamp } from './timestamp.ts'

const DOLLAR = 1_000_000
const DAY_US = 86_400_000_000

type Body = Record<string, unknown>

/** The REST object of a market, all its required fields and the optional ones that it has. */
export function marketBody(market: Market): Body {
  const title = outcome(market)
  return {
    ticker: market.ticker,
    event_ticker: market.event,
    market_type: market.type,
    title: marketTitle(market),
    subtitle: title,
    yes_sub_title: title,
    no_sub_title: title,
    created_time: printTimestamp(market.createdUs),
    updated_time: printTimestamp(market.updatedUs),
    open_time: printTimestamp(market.openUs),
    close_time: printTimestamp(market.closeUs),
    expected_expiration_time: printTimestamp(market.closeUs),
    expiration_time: printTimestamp(market.closeUs + DAY_US),
    latest_expiration_time: printTimestamp(market.closeUs + DAY_US),
    settlement_timer_seconds: 120,
    status: market.status,
    notional_value_dollars: '1.0000',
    ...quoteFields(market),
    result: market.result,
    can_close_early: true,
    early_close_condition: null,
    expiration_value: '',
    rules_primary: `If ${title} comes true, then the market resolves to Yes.`,
    rules_secondary: '',
    price_level_structure: market.structure,
    price_ranges: printRanges(market.structure),
    exchange_index: 0,
    ...strikeFields(market),
    ...settlementFields(market),
    ...comboFields(market),
  }
}

function quoteFields(market: Market): Body {
  const { book, previous } = market
  const yes = book.best('yes')
  const no = book.best('no')
  return {
    yes_bid_dollars: printDollars(yes),
    yes_ask_dollars: printDollars(DOLLAR - no),
    no_bid_dollars: printDollars(no),
    no_ask_dollars: printDollars(DOLLAR - yes),
    yes_bid_size_fp: printSize(book.size('yes', yes) as Size),
    yes_ask_size_fp: printSize(book.size('no', no) as Size),
    last_price_dollars: printDollars(market.lastPrice),
    previous_yes_bid_dollars: printDollars(previous.bid),
    previous_yes_ask_dollars: printDollars(previous.ask),
    previous_price_dollars: printDollars(previous.last),
    volume_fp: printSize(market.volume as Size),
    volume_24h_fp: printSize(Math.floor(market.volume / 3) as Size),
    open_interest_fp: printSize(market.openInterest as Size),
  }
}

function strikeFields(market: Market): Body {
  const { floor, cap } = strike(market)
  if (floor === null) return { strike_type: 'structured', custom_strike: { name: outcome(market) } }
  return cap === null
    ? { strike_type: 'greater', floor_strike: floor }
    : { strike_type: 'between', floor_strike: floor, cap_strike: cap }
}

function settlementFields(market: Market): Body {
  if (market.settlementValue === null) return {}
  return {
    settlement_value_dollars: printDollars(market.settlementValue),
    ...(market.settledUs === null ? {} : { settlement_ts: printTimestamp(market.settledUs) }),
  }
}

function comboFields(market: Market): Body {
  if (!isCombo(market)) return {}
  const leg = { event_ticker: 'KXNFLGAME', market_ticker: 'KXNFLGAME', side: 'yes' }
  return { is_provisional: true, mve_collection_ticker: market.event, mve_selected_legs: [leg] }
}

/** The REST object of an event, from its markets; throws when there are none. */
export function eventBody(
  markets: readonly Market[],
  override: FeeOverride,
  nested: boolean,
): Body {
  const [first] = markets
  if (first === undefined) throw new Error('an event has at least one market')
  const { title, category } = describeSeries(first.series)
  return {
    event_ticker: first.event,
    series_ticker: first.series,
    title: eventTitle(first),
    sub_title: title,
    category,
    collateral_return_type: '',
    mutually_exclusive: false,
    settlement_sources: [],
    strike_period: '',
    product_metadata: null,
    last_updated_ts: printTimestamp(Math.max(...markets.map((each) => each.updatedUs))),
    fee_type_override: override.type,
    fee_multiplier_override: override.multiplier,
    exchange_index: 0,
    ...(nested ? { markets: markets.map(marketBody) } : {}),
  }
}

/** The REST object of a series. */
export function seriesBody(ticker: string, fee: Fee): Body {
  const { title, category, frequency } = describeSeries(ticker)
  return {
    ticker,
    frequency,
    title,
    category,
    categories: [category],
    tags: [],
    settlement_sources: [],
    contract_url: '',
    contract_terms_url: '',
    fee_type: fee.type,
    fee_multiplier: fee.multiplier,
    additional_prohibitions: [],
    exchange_index: 0,
  }
}

/** The REST object of a book: lowest price first, only the best so many levels of a side unless 0. */
export function bookBody(market: Market, depth: number): Body {
  const ladder = (side: Side) => {
    const levels = printLadder(market.book.ascending(side))
    return depth === 0 ? levels : levels.slice(-depth)
  }
  return { yes_dollars: ladder('yes'), no_dollars: ladder('no') }
}

/** The REST object of a trade. */
export function tradeBody({ id, market, yesPrice, count, taker, block, atUs }: Trade): Body {
  return {
    trade_id: id,
    ticker: market.ticker,
    count_fp: printSize(count as Size),
    yes_price_dollars: printDollars(yesPrice),
    no_price_dollars: printDollars(DOLLAR - yesPrice),
    taker_side: taker,
    taker_outcome_side: taker,
    taker_book_side: taker === 'yes' ? 'bid' : 'ask',
    created_time: printTimestamp(atUs),
    is_block_trade: block,
  }
}
