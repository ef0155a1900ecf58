import type { Sql } from 'postgres'
import type { Entry, Mark, SetAside, TradeHole } from '#core/entry'
import type { Micros } from '#core/instant'
import type { BookRecord } from '#core/log'
import type { MarketChange } from '#core/market-change'
import type { QuoteMinute } from '#core/quote-minute'
import type { Ticker } from '#core/ticker'
import type { Trade } from '#core/trade'
import { insertChanges } from './changes.ts'
import { type Hold, underLease } from './lease.ts'
import { insertRecords } from './log-rows.ts'
import type { MarketIds } from './market-ids.ts'
import { storeMarks } from './marks.ts'
import { insertQuotes } from './quotes.ts'
import { type Durable, requireSameStore } from './same-store.ts'
import { insertSetAside } from './set-aside.ts'
import { insertTradeHoles, insertTrades } from './trades.ts'

/** A record that is in the store now, and whose it is. */
export type StoredRecord = {
  readonly marketId: number
  readonly market: Ticker
  readonly record: BookRecord
}

/** Entries as rows of their tables. */
type Rows = {
  readonly records: StoredRecord[]
  readonly trades: { readonly marketId: number; readonly trade: Trade }[]
  readonly holes: TradeHole[]
  readonly quotes: { readonly marketId: number; readonly quote: QuoteMinute }[]
  readonly changes: { readonly marketId: number | null; readonly change: MarketChange }[]
  readonly asides: SetAside[]
  readonly marks: Mark[]
}

/**
 * Stores entries in one transaction under the lease, watermarks last. The same entries any number of times leave the same
 * store. Throws LogRowError before anything is sent, EpochNotOpenError, StoreRestoredError, and as Postgres does; then nothing
 * is stored.
 * @param nowUs when a market that is not stored yet is first seen
 * @param durable what the store must hold of the epoch, when anything is known to be in it
 * @returns the book records among them, or that the lease is lost
 */
export async function writeEntries(
  sql: Sql,
  hold: Hold,
  ids: MarketIds,
  entries: readonly Entry[],
  nowUs: Micros,
  durable: Durable | null = null,
): Promise<readonly StoredRecord[] | 'lease_lost'> {
  const found = await ids.find(hold, marketsOf(entries), nowUs)
  if (found === 'lease_lost') return found
  const rows = rowsOf(entries, ids)
  return underLease(sql, hold, async (tx) => {
    if (durable !== null) await requireSameStore(tx, hold, durable, nowUs)
    await insertRecords(tx, rows.records)
    await insertTrades(tx, rows.trades)
    await insertTradeHoles(tx, rows.holes)
    await insertQuotes(tx, rows.quotes)
    await insertChanges(tx, rows.changes)
    await insertSetAside(tx, rows.asides)
    await storeMarks(tx, hold.slice, rows.marks)
    return rows.records
  })
}

function* marketsOf(entries: readonly Entry[]): Iterable<Ticker> {
  for (const entry of entries) {
    if (entry.kind === 'record') yield entry.market
    if (entry.kind === 'trade') yield entry.trade.market
    if (entry.kind === 'quote') yield entry.quote.market
    if (entry.kind === 'change' && entry.change.market !== null) yield entry.change.market
  }
}

function rowsOf(entries: readonly Entry[], ids: MarketIds): Rows {
  const rows: Rows = {
    records: [],
    trades: [],
    holes: [],
    quotes: [],
    changes: [],
    asides: [],
    marks: [],
  }
  for (const entry of entries) addRow(rows, entry, ids)
  return rows
}

function addRow(rows: Rows, entry: Entry, ids: MarketIds): void {
  switch (entry.kind) {
    case 'record': {
      const { market, record } = entry
      rows.records.push({ marketId: ids.of(market), market, record })
      return
    }
    case 'trade':
      rows.trades.push({ marketId: ids.of(entry.trade.market), trade: entry.trade })
      return
    case 'trade_hole':
      rows.holes.push(entry.hole)
      return
    case 'quote':
      rows.quotes.push({ marketId: ids.of(entry.quote.market), quote: entry.quote })
      return
    case 'change': {
      const { change } = entry
      rows.changes.push({ marketId: change.market && ids.of(change.market), change })
      return
    }
    case 'aside':
      rows.asides.push(entry.aside)
      return
    case 'mark':
      rows.marks.push(entry.mark)
      return
  }
}
