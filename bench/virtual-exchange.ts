import type { MarketRecord } from '#core/ingest'
import type { Micros } from '#core/instant'
import type { Epoch, Ladders } from '#core/log'
import { MarketLog } from '#core/market-log'
import type { Price } from '#core/price'
import { RecvStamp } from '#core/recv-stamp'
import type { SizeChange } from '#core/size'
import type { Ticker } from '#core/ticker'
import { type BookChange, Floor } from '../simulator/floor.ts'
import { Generator } from '../simulator/generator.ts'
import type { Market } from '../simulator/market.ts'
import { type Random, seededRandom } from '../simulator/random.ts'

/** What trades: `rate` in book events a second over all markets, `skew` as the simulator's. */
export type Traffic = { readonly markets: number; readonly rate: number; readonly skew: number }

/** The way from the exchange to us: so long at least, and so much more on average, µs. */
const LATENCY_US = 12_000
const JITTER_US = 4000

/** The simulated exchange and a collector's logs in one process and at a clock of their own: hours pass in seconds. */
export class VirtualExchange {
  readonly logs = new Map<Ticker, MarketLog>()
  readonly #random: Random = seededRandom(7)
  readonly #rate: number
  readonly #floor = new Floor()
  readonly #generator: Generator
  readonly #stamp = new RecvStamp()
  #records: MarketRecord[] = []
  #now: Micros
  #recv: Micros

  constructor(start: Micros, epoch: Epoch, { markets, rate, skew }: Traffic) {
    this.#now = start
    this.#recv = start
    this.#rate = rate
    const options = { seed: 1, markets, rate, skew, combos: 0, scalars: 0 }
    this.#generator = new Generator(this.#floor, () => this.#now, options)
    for (const market of this.#floor.markets.values()) {
      this.logs.set(market.ticker as Ticker, new MarketLog(epoch, null))
    }
    this.#floor.listen({ changed: (change) => this.#heard(change) })
  }

  /** When the last of the records was received. */
  get recv(): Micros {
    return this.#recv
  }

  /** The first snapshot of every market. */
  snapshots(): MarketRecord[] {
    for (const market of this.#floor.markets.values()) {
      this.#recv = (this.#recv + 50) as Micros
      const record = this.#logOf(market).snapshot(laddersOf(market), this.#recv)
      if (record !== null) this.#records.push({ market: market.ticker as Ticker, record })
    }
    return this.#taken()
  }

  /** What happens next, at least so many records. */
  next(records: number): MarketRecord[] {
    while (this.#records.length < records) {
      const wait = (-Math.log(1 - this.#random.next()) / this.#rate) * 1_000_000
      this.#now = (this.#now + Math.ceil(wait)) as Micros
      this.#generator.step(1)
    }
    return this.#taken()
  }

  #heard(change: BookChange): void {
    if (change.kind !== 'delta') return
    const { market, side, price, change: by } = change
    const late = LATENCY_US - Math.log(1 - this.#random.next()) * JITTER_US
    const arrival = Math.max(this.#recv + 5, Math.round(this.#now + late)) as Micros
    const recv = this.#stamp.stamp(market.ticker, this.#now, arrival)
    this.#recv = recv
    const log = this.#logOf(market)
    const outcome = log.delta(side, price as Price, by as SizeChange, this.#now, recv)
    if (outcome.kind !== 'recorded')
      throw new Error(`a delta of ${market.ticker} was ${outcome.kind}`)
    this.#records.push({ market: market.ticker as Ticker, record: outcome.record })
  }

  #logOf(market: Market): MarketLog {
    const log = this.logs.get(market.ticker as Ticker)
    if (log === undefined) throw new Error(`${market.ticker} has no log`)
    return log
  }

  #taken(): MarketRecord[] {
    const records = this.#records
    this.#records = []
    return records
  }
}

function laddersOf({ book }: Market): Ladders {
  const bestFirst = (side: 'yes' | 'no') => book.ascending(side).toReversed()
  return { yes: bestFirst('yes'), no: bestFirst('no') } as unknown as Ladders
}
