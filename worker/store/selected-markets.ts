import type { Sql } from 'postgres'
import type { Ticker } from '#core/ticker'

/** Which markets a customer wants to follow. */
export type Selection = {
  readonly markets: readonly string[]
  readonly events: readonly string[]
  readonly series: readonly string[]
  readonly all: boolean
}

export type SelectedMarket = {
  readonly ticker: Ticker
  readonly event: string
  readonly series: string | null
  /** The exchange's word. */
  readonly status: string
}

export type SelectedMarkets = {
  /** In the byte order of tickers; without any when there are too many. */
  readonly found: readonly SelectedMarket[]
  /** What was named and does not exist: markets, events and series. */
  readonly unknown: readonly string[]
  readonly tooMany: boolean
}

/**
 * The markets of a selection, each once: those that it names in any status, and of events, series and all those of which
 * trading is not over. One statement. Throws as Postgres does.
 * @param most more of them are too many
 */
export async function selectMarkets(
  sql: Sql,
  { markets, events, series, all }: Selection,
  most: number,
): Promise<SelectedMarkets> {
  const told = sql`m.ticker, m.event_ticker, m.series_ticker, m.status`
  const rows = await sql`
    with wanted_markets as (select jsonb_array_elements_text(${sql.json([...markets])}) as ticker),
    wanted_events as (select jsonb_array_elements_text(${sql.json([...events])}) as ticker),
    wanted_series as (select jsonb_array_elements_text(${sql.json([...series])}) as ticker),
    found as (
      select ${told} from wanted_markets w join kb.markets m using (ticker)
      union
      select ${told} from wanted_events w join kb.markets m on m.event_ticker = w.ticker
      where not kb.is_over(m.status)
      union
      select ${told} from wanted_series w join kb.markets m on m.series_ticker = w.ticker
      where not kb.is_over(m.status)
      union
      select ${told} from wanted_series w join kb.events e on e.series_ticker = w.ticker
      join kb.markets m on m.event_ticker = e.ticker and m.series_ticker is null
      where not kb.is_over(m.status)
      union
      select ${told} from kb.markets m where ${all} and not kb.is_over(m.status)
      limit ${most + 1})
    select false as unknown, f.ticker, f.event_ticker,
      coalesce(f.series_ticker, e.series_ticker) as series_ticker, f.status
    from found f left join kb.events e on f.series_ticker is null and e.ticker = f.event_ticker
    union all
    select true, w.ticker, null, null, null from wanted_markets w
    where not exists (select from kb.markets m where m.ticker = w.ticker)
    union all
    select true, w.ticker, null, null, null from wanted_events w
    where not exists (select from kb.events e where e.ticker = w.ticker)
      and not exists (select from kb.markets m where m.event_ticker = w.ticker)
    union all
    select true, w.ticker, null, null, null from wanted_series w
    where not exists (select from kb.series s where s.ticker = w.ticker)
      and not exists (select from kb.events e where e.series_ticker = w.ticker)
      and not exists (select from kb.markets m where m.series_ticker = w.ticker)
    order by 1, 2`
  const found = rows.filter((row) => row['unknown'] === false)
  const unknown = rows.filter((row) => row['unknown'] === true).map((row) => row['ticker'])
  const tooMany = found.length > most
  return { found: tooMany ? [] : found.map(selectedOf), unknown: [...new Set(unknown)], tooMany }
}

function selectedOf(row: Record<string, unknown>): SelectedMarket {
  return {
    ticker: row['ticker'] as Ticker,
    event: row['event_ticker'] as string,
    series: row['series_ticker'] as string | null,
    status: row['status'] as string,
  }
}
