import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { integer } from '#core/log-row'
import type { Ticker } from '#core/ticker'
import { integerArray, textArray } from './array-literal.ts'
import { type Hold, underLease } from './lease.ts'
import { marketIds } from './metadata.ts'

/** Ids that are remembered; markets come and go for ever. */
const REMEMBERED = 500_000

/** The ids of markets in the store, found once each. Whoever finds ids takes them before others are found. */
export class MarketIds {
  readonly #sql: Sql
  readonly #known = new Map<Ticker, number>()

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** The id of a market that was found. Throws for one that was not: a fault of ours. */
  of(market: Ticker): number {
    const id = this.#known.get(market)
    if (id === undefined) throw new Error(`market ${market} was never found`)
    return id
  }

  /** The markets of these ids that are stored. Throws as Postgres does. */
  async marketsOf(ids: Iterable<number>): Promise<ReadonlyMap<number, Ticker>> {
    const rows = await this.#sql`
      select id, ticker from kb.markets where id = any(${integerArray([...ids])}::int4[])`
    const pairs = rows.map((row) => [String(row['ticker']), integer(row['id']) as number] as const)
    this.#learn(pairs)
    return new Map(pairs.map(([ticker, id]) => [id, ticker as Ticker]))
  }

  /**
   * Finds the ids of these markets. One whose description has not been stored yet gets a row without one, which the
   * universe fills in: records never wait for it. Throws as Postgres does.
   */
  async find(
    hold: Hold,
    markets: Iterable<Ticker>,
    nowUs: Micros,
  ): Promise<'found' | 'lease_lost'> {
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    const unknown = [...new Set(markets)].filter((market) => !this.#known.has(market))
    if (unknown.length === 0) return 'found'
    this.#learn(await marketIds(this.#sql, unknown))
    const absent = unknown.filter((market) => !this.#known.has(market))
    if (absent.length === 0) return 'found'
    const added = await underLease(this.#sql, hold, async (tx) => {
      await tx`
        insert into kb.markets (ticker, event_ticker, title, market_type, status, raw, first_seen_us, updated_us)
        select ticker, '', ticker, 'binary', 'initialized', '{}', ${nowUs}::int8, ${nowUs}::int8
        from unnest(${textArray(absent)}::text[]) u (ticker)
        on conflict (ticker) do nothing`
      return tx`
        select ticker, id from kb.markets where ticker = any(${textArray(absent)}::text[])`
    })
    if (added === 'lease_lost') return added
    this.#learn(added.map((row) => [String(row['ticker']), integer(row['id']) as number]))
    return 'found'
  }

  #learn(ids: Iterable<readonly [string, number]>): void {
    for (const [market, id] of ids) this.#known.set(market as Ticker, id)
  }
}
