import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'
import type { Hold } from '../collector/store/lease.ts'
import { upsertEvents, upsertMarkets, upsertSeries } from '../collector/store/metadata.ts'
import { readEvents, readMarkets, readSeries } from '../collector/universe-rows.ts'
import type { ListedEvent, ListedQuestion } from './listed-event.ts'
import { FAMILIES, type Family } from './listed-families.ts'

const DAY_MS = 86_400_000
const AT_ONCE = 5000
const SECONDARY =
  'If the source does not say so by the time at which the market closes, the last value that it has said counts. Nothing that it says later changes the result. Whoever works for the source, or knows what it will say, may not trade in this market.'

/** A market that was listed, and whether it still trades. */
export type Listed = { readonly ticker: Ticker; readonly open: boolean }

/**
 * Lists so many markets with their events and series as the collector does: from objects such as the exchange sends, by its
 * own statements. What was decided before `nowUs` is settled.
 * @param firstSeenUs when they all were first seen
 * Throws as Postgres does.
 */
export async function listMarkets(
  sql: Sql,
  hold: Hold,
  count: number,
  firstSeenUs: Micros,
  nowUs: Micros,
): Promise<Listed[]> {
  const now = new Date(nowUs / 1000)
  await upsertSeries(sql, hold, readSeries(FAMILIES.map(seriesObject)).rows, firstSeenUs)
  const listed: Listed[] = []
  for (const family of FAMILIES) {
    const wanted = Math.ceil(count * family.share)
    const events: object[] = []
    const markets: ReturnType<typeof marketObject>[] = []
    for (let nth = 0; markets.length < wanted; nth += 1) {
      const event = family.event(nth, now)
      events.push(eventObject(family, event))
      markets.push(...event.questions.map((each) => marketObject(family, event, each, now)))
    }
    for (let at = 0; at < events.length; at += AT_ONCE) {
      const { rows } = readEvents(events.slice(at, at + AT_ONCE))
      await upsertEvents(sql, hold, rows, firstSeenUs)
    }
    for (let at = 0; at < wanted; at += AT_ONCE) {
      const some = markets.slice(at, Math.min(wanted, at + AT_ONCE))
      const { rows } = readMarkets(some, () => family.series, firstSeenUs)
      await upsertMarkets(
        sql,
        hold,
        rows.map(({ row }) => row),
        firstSeenUs,
      )
      listed.push(...rows.map(({ row }) => ({ ticker: row.ticker, open: row.status === 'active' })))
    }
  }
  return listed
}

function seriesObject({ series, title, category, frequency }: Family) {
  const settlement_sources = [{ name: 'The source', url: 'https://example.com/source' }]
  const fees = { fee_type: 'quadratic', fee_multiplier: 1 }
  return { ticker: series, title, category, frequency, tags: [title], settlement_sources, ...fees }
}

function eventObject({ series, category }: Family, { suffix, title, subTitle, day }: ListedEvent) {
  return {
    event_ticker: `${series}-${suffix}`,
    series_ticker: series,
    title,
    sub_title: subTitle,
    category,
    mutually_exclusive: true,
    collateral_return_type: 'MECNET',
    strike_date: day.toISOString(),
  }
}

function marketObject({ series }: Family, event: ListedEvent, asked: ListedQuestion, now: Date) {
  const { day, suffix } = event
  const over = day < now
  const at = (days: number) => new Date(day.getTime() + days * DAY_MS).toISOString()
  const quote = { yes_bid_dollars: '0.4200', yes_ask_dollars: '0.4300', no_bid_dollars: '0.5700' }
  return {
    ticker: `${series}-${suffix}-${asked.suffix}`,
    event_ticker: `${series}-${suffix}`,
    market_type: 'binary',
    title: asked.title,
    yes_sub_title: asked.yes,
    no_sub_title: asked.no,
    status: over ? 'finalized' : 'active',
    result: over ? 'no' : '',
    created_time: at(-60),
    open_time: at(-60),
    close_time: at(0),
    expected_expiration_time: at(0),
    latest_expiration_time: at(7),
    rules_primary: asked.rules,
    rules_secondary: SECONDARY,
    early_close_condition: 'This market will close and expire early once the outcome is known.',
    strike_type: asked.suffix.startsWith('T') ? 'greater' : 'structured',
    price_level_structure: 'linear_cent',
    price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
    can_close_early: true,
    notional_value_dollars: '1.0000',
    settlement_timer_seconds: 300,
    ...quote,
    last_price_dollars: '0.4200',
    volume_fp: '2985.50',
    volume_24h_fp: '3.14',
    open_interest_fp: '2422.48',
    liquidity_dollars: '0.0000',
  }
}
