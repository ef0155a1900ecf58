import type { TransactionSql } from 'postgres'
import type { QuoteMinute } from '#core/quote-minute'
import { integerArray } from './array-literal.ts'

/** A market's quote minute and the market's id in `kb.markets`. */
export type QuoteRow = { readonly marketId: number; readonly quote: QuoteMinute }

/** Stores quote minutes; of two of one market and minute, the one that knew the book for longer is kept. */
export async function insertQuotes(tx: TransactionSql, rows: readonly QuoteRow[]): Promise<void> {
  if (rows.length === 0) return
  // One statement may name a row once.
  const best = new Map<string, QuoteRow>()
  for (const row of rows) {
    const key = `${row.marketId} ${row.quote.start}`
    const known = best.get(key)
    if (known === undefined || row.quote.gapUs < known.quote.gapUs) best.set(key, row)
  }
  const given = [...best.values()]
  const integers = (pick: (quote: QuoteMinute) => number | null | undefined) =>
    integerArray(given.map(({ quote }) => pick(quote) ?? null))
  await tx`
    insert into kb.candle_quotes as q
      (market_id, start_us, bid_price, bid_size, ask_price, ask_size, open_interest, gap_us)
    select * from unnest(
      ${integerArray(given.map(({ marketId }) => marketId))}::int4[],
      ${integers(({ start }) => start)}::int8[],
      ${integers(({ bid }) => bid?.[0])}::int4[],
      ${integers(({ bid }) => bid?.[1])}::int8[],
      ${integers(({ ask }) => ask?.[0])}::int4[],
      ${integers(({ ask }) => ask?.[1])}::int8[],
      ${integers(({ openInterest }) => openInterest)}::int8[],
      ${integers(({ gapUs }) => gapUs)}::int4[])
    on conflict (market_id, start_us) do update set
      bid_price = excluded.bid_price, bid_size = excluded.bid_size,
      ask_price = excluded.ask_price, ask_size = excluded.ask_size,
      open_interest = excluded.open_interest, gap_us = excluded.gap_us
    where excluded.gap_us < q.gap_us`
}
