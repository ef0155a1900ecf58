import postgres, { type Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'
import { connectStore } from '../../collector/store/connect.ts'
import { type Hold, readLease, takeLease } from '../../collector/store/lease.ts'
import { marketIds, upsertMarkets } from '../../collector/store/metadata.ts'
import type { MarketRow } from '../../collector/store/metadata-rows.ts'
import { type OpenedEpoch, openEpoch } from '../../collector/store/open-epoch.ts'
import { freshDatabase } from '../database.ts'

/** A store with a connection for each role, as the programs open them. */
export type Store = {
  readonly owner: Sql
  readonly collector: Sql
  readonly reader: Sql
  readonly account: Sql
  readonly collectorUrl: string
  /** Empties every table. */
  clear(): Promise<void>
  stop(): Promise<void>
}

export async function openStore(): Promise<Store> {
  const database = await freshDatabase()
  const asWorker = (url: string) =>
    postgres(url, { max: 5, fetch_types: false, prepare: true, onnotice: () => {} })
  const owner = postgres(database.ownerUrl, { max: 5, onnotice: () => {} })
  const collector = connectStore(database.collectorUrl, 5)
  const reader = asWorker(database.readerUrl)
  const account = asWorker(database.accountUrl)
  const stop = async () => {
    await Promise.all([owner, collector, reader, account].map((sql) => sql.end({ timeout: 5 })))
    await database.stop()
  }
  const clear = async () => {
    await owner`truncate kb.series, kb.events, kb.markets, kb.lease, kb.epochs, kb.proof_of_life,
      kb.book_deltas, kb.book_gaps, kb.book_segments, kb.sealed_logs, kb.seal_failures, kb.sealed_hours, kb.trades, kb.trade_holes, kb.candle_quotes, kb.market_search, kb.log_begins, kb.accounts, kb.api_keys, kb.account_audit, kb.credit_grants, kb.gate_journal, kb.gate_openings, kb.plan_changes, kb.projections, kb.usage_hours, kb.usage_totals, kb.free_claims, kb.new_accounts, kb.people_tries, kb.account_deletions, kb.billing_checkouts, kb.billing_customers, kb.billing_holds, kb.billing_refunds, kb.billing_wishes, kb.meter_reports, kb.reconciliations, kb.stripe_events, kb.feed_minutes, kb.coverage_days, kb.gap_days restart identity cascade`
  }
  return { owner, collector, reader, account, collectorUrl: database.collectorUrl, clear, stop }
}

/** 2026-11-22T10:30:00Z in ms. */
export const NOW_MS = Date.UTC(2026, 10, 22, 10, 30)
export const NOW = (NOW_MS * 1000) as Micros

export function at(offsetUs: number): Micros {
  return (NOW + offsetUs) as Micros
}

let leases = 0

/** Takes the slice from whoever holds it and draws its next epoch. */
export async function take(collector: Sql): Promise<Hold> {
  leases += 1
  const row = await readLease(collector, 0)
  const found = row && { lease: row.lease, renewedAt: null }
  const claim = { slice: 0, lease: `lease-${leases}`, holder: 'test', nowMs: NOW_MS, found }
  const hold = await takeLease(collector, claim)
  if (hold === 'taken_by_another') throw new Error('somebody else took the lease')
  return hold
}

/** Opens the epoch of a lease that is held. */
export async function open(collector: Sql, hold: Hold, nowUs: Micros): Promise<OpenedEpoch> {
  const opened = await openEpoch(collector, hold, nowUs)
  if (opened === 'lease_lost') throw new Error('the lease was lost')
  return opened
}

/** Stores a market of that ticker and answers its id. */
export async function addMarket(collector: Sql, hold: Hold, ticker: string): Promise<number> {
  const stored = await upsertMarkets(collector, hold, [marketRow(ticker)], NOW)
  const id = (await marketIds(collector, [ticker])).get(ticker)
  if (stored === 'lease_lost' || id === undefined) throw new Error(`${ticker} was not stored`)
  return id
}

export function marketRow(ticker: string, over: Partial<MarketRow> = {}): MarketRow {
  return {
    ticker: ticker as Ticker,
    event_ticker: 'KXRAIN-26NOV22',
    series_ticker: 'KXRAIN',
    title: 'Will it rain?',
    yes_sub_title: 'Rain',
    no_sub_title: null,
    market_type: 'binary',
    status: 'active',
    open_us: NOW,
    close_us: at(3_600_000_000),
    expected_expiration_us: null,
    latest_expiration_us: null,
    rules_primary: 'It "rains", \\ or not.',
    rules_secondary: null,
    strike_type: 'greater',
    floor_strike: '4615.99',
    cap_strike: null,
    price_level_structure: 'linear_cent',
    price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
    result: '',
    settlement_value: null,
    settlement_us: null,
    can_close_early: true,
    raw: { ticker, volume_fp: '2985.50' },
    ...over,
  }
}
