import { eventTitle, marketTitle, outcome, strike } from './description.ts'
import type { Market, MetadataChange } from './market.ts'
import { toSeconds } from './timestamp.ts'

/** The `msg` that tells of a new event, from its first market. */
export function eventMessage(market: Market): Record<string, unknown> {
  return {
    event_ticker: market.event,
    exchange_index: 0,
    title: eventTitle(market),
    subtitle: '',
    collateral_return_type: '',
    series_ticker: market.series,
  }
}

/** What `created` says of a market. */
export function marketMetadata(market: Market): Record<string, unknown> {
  const { floor, cap } = strike(market)
  return {
    name: outcome(market),
    title: marketTitle(market),
    yes_sub_title: outcome(market),
    no_sub_title: outcome(market),
    rules_primary: `If ${outcome(market)} comes true, then the market resolves to Yes.`,
    rules_secondary: '',
    can_close_early: true,
    event_ticker: market.event,
    expected_expiration_ts: toSeconds(market.closeUs),
    ...(floor === null ? {} : { strike_type: cap === null ? 'greater' : 'between' }),
    ...(floor === null ? {} : { floor_strike: floor }),
    ...(cap === null ? {} : { cap_strike: cap }),
  }
}

/** What `metadata_updated` says: only what was changed. */
export function changedMetadata(change: MetadataChange): Record<string, unknown> {
  const { floorStrike, capStrike, yesSubTitle } = change
  return {
    ...(floorStrike === undefined ? {} : { floor_strike: floorStrike }),
    ...(capStrike === undefined ? {} : { cap_strike: capStrike, strike_type: 'between' }),
    ...(yesSubTitle === undefined ? {} : { yes_sub_title: yesSubTitle }),
  }
}
