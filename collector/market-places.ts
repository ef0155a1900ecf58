import type { Micros } from '#core/instant'
import type { Followed, Owners } from '#core/owners'
import { Balance, type Busy, type Load, level, place } from '#core/placement'
import type { Ticker } from '#core/ticker'
import type { ExchangeConfig } from './exchange-config.ts'
import type { ExchangeConnection } from './exchange-connection.ts'
import { logEvent } from './log-event.ts'

export type MarketPlacesOptions = {
  readonly config: ExchangeConfig
  readonly owners: Owners
  readonly connections: readonly ExchangeConnection[]
  /** From when on changes are counted. */
  readonly now: Micros
}

/** A connection that failed so often in a row gives its markets to others. */
const FAILURES = 3
/** The hottest markets of each connection that are looked at in a round. */
const HOTTEST = 50

/** Which connection brings which market, and what each has to do. */
export class MarketPlaces {
  readonly #config: ExchangeConfig
  readonly #owners: Owners
  readonly #connections: readonly ExchangeConnection[]
  readonly #balance = new Balance()
  /** How many markets a connection may have that the exchange called full. */
  readonly #capacity = new Map<number, number>()
  #measured: Micros

  constructor({ config, owners, connections, now }: MarketPlacesOptions) {
    this.#config = config
    this.#owners = owners
    this.#connections = connections
    this.#measured = now
  }

  /** How each connection stands, by its number. */
  loads(): Load[] {
    const loads = this.#connections.map(({ number, line }) => ({
      connection: number,
      usable: line.failures < FAILURES,
      markets: 0,
      room: this.#capacity.get(number) ?? Number.POSITIVE_INFINITY,
      rate: 0,
    }))
    for (const { target, rate } of this.#owners.all()) {
      const load = target === null ? undefined : loads[target]
      if (load === undefined) continue
      load.markets += 1
      load.room -= 1
      load.rate += rate
    }
    return loads
  }

  /** Gives markets to connections. */
  place(markets: readonly Followed[]): void {
    if (markets.length === 0) return
    const places = place(markets.length, this.loads())
    const given = Map.groupBy(markets.keys(), (i) => places[i] ?? null)
    for (const [connection, theirs] of given) {
      const chosen = theirs.flatMap((i) => markets[i] ?? [])
      for (const followed of chosen) this.#owners.aim(followed, connection)
      if (connection === null) logEvent('exchange_full', { markets: chosen.length })
      else this.#connections[connection]?.follow(chosen.map(({ market }) => market))
    }
  }

  /** The exchange gave a connection no more markets: these go to another, which later ones do too. */
  full(connection: number, markets: readonly Ticker[]): void {
    const refused = markets.flatMap((market) => this.#owners.get(market) ?? [])
    // One that was to move here stays where it is.
    for (const followed of refused) {
      this.#owners.aim(followed, followed.owner?.connection ?? null)
    }
    const held = this.loads()[connection]?.markets ?? 0
    this.#capacity.set(connection, held)
    logEvent('connection_full', { connection, markets: held })
    this.place(refused.filter(({ target }) => target === null))
  }

  /** Measures how busy the markets are, moves hot ones apart, and finds places for those that have none. */
  rebalance(now: Micros): void {
    const seconds = (now - this.#measured) / 1_000_000
    this.#measured = now
    for (const followed of this.#owners.all()) {
      followed.rate = (followed.rate + followed.changes / seconds) / 2
      followed.changes = 0
    }
    this.#rescue()
    const wide = level(this.loads())
    if (wide !== null) this.#move(this.#settledOn(wide.from).slice(0, wide.count), wide.to)
    for (const { market, to } of this.#balance.moves(this.loads(), this.#busiest())) {
      const followed = this.#owners.get(market)
      if (followed !== undefined) this.#move([followed], to)
    }
  }

  /** Finds places for markets that have none, or whose connection is refused while others have long been up. */
  #rescue(): void {
    const loads = this.loads()
    const healthy = this.#connections.some(({ line }) => line.lastedMs >= this.#config.HEALTHY_MS)
    const stranded = [...this.#owners.all()].filter(
      ({ target }) => target === null || (healthy && loads[target]?.usable === false),
    )
    this.place(stranded)
  }

  #move(followed: readonly Followed[], to: number): void {
    logEvent('markets_moved', { markets: followed.length, to })
    for (const each of followed) this.#owners.aim(each, to)
    this.#connections[to]?.follow(followed.map(({ market }) => market))
  }

  #settledOn(connection: number): Followed[] {
    return [...this.#owners.all()].filter(
      ({ target, owner }) => target === connection && owner?.connection === connection,
    )
  }

  /** The hottest markets that their connections own already. */
  #busiest(): Busy[] {
    return this.#connections.flatMap(({ number: connection }) =>
      this.#settledOn(connection)
        .sort((a, b) => b.rate - a.rate)
        .slice(0, HOTTEST)
        .map(({ market, rate }) => ({ market, connection, rate })),
    )
  }
}
