import type { Clock } from './clock.ts'
import type { Floor } from './floor.ts'
import { indexAtMost, pricesOf } from './grid.ts'
import { makeCombos, makeListings } from './listings.ts'
import { listMarket, type Market } from './market.ts'
import { type Random, seededRandom } from './random.ts'
import type { Source } from './source.ts'
import { act, openingBook, type Pit } from './trading.ts'

/** What is made up: `rate` in book events a second over all markets. */
export type GeneratorOptions = {
  seed: number
  markets: number
  rate: number
  /** 0: all markets alike; 1: the k-th busiest market gets 1/k of what the busiest gets */
  skew: number
  /** how many combos are listed besides; they have books but do not trade */
  combos: number
  /** how many of the markets, those listed first, are scalar */
  scalars: number
}

/**
 * Makes up trading from a seed. Which markets there are and everything that happens in them is the
 * seed's; only the moments are the clock's.
 */
export class Generator implements Source {
  readonly #floor: Floor
  readonly #random: Random
  readonly #now: Clock
  readonly #options: GeneratorOptions
  readonly #pits: Pit[] = []
  /** running sums of the markets' weights: one is drawn by searching them; empty when to be made anew */
  #sums: number[] = []
  #rate: number
  #owed = 0

  constructor(floor: Floor, now: Clock, options: GeneratorOptions) {
    this.#floor = floor
    this.#now = now
    this.#options = options
    this.#rate = options.rate
    this.#random = seededRandom(options.seed)
    const listings = makeListings(options.markets, this.#random, now())
    listings.forEach((listing, nth) => {
      const type = nth < options.scalars ? 'scalar' : 'binary'
      this.enter(listMarket({ ...listing, type }, 'active'))
    })
    for (const listing of makeCombos(options.combos, this.#random, now())) {
      this.enter(listMarket(listing, 'active'))
    }
  }

  /** Adds a market to the floor, unless it is there, and to those that trade, with an opening book. */
  enter(market: Market): void {
    const random = this.#random
    const grid = pricesOf(market.structure)
    const place = indexAtMost(grid, 60_000 + random.below(880_000))
    const pit = { market, fair: grid[place] ?? 0 }
    const nth = this.#pits.length
    if (!this.#floor.markets.has(market.ticker)) {
      this.#floor.add(market)
      // A few markets begin with a side, or a whole book, that nobody has quoted yet.
      openingBook(pit, random, nth % 17 === 12 ? ['yes', 'no'] : nth % 11 === 5 ? ['no'] : [])
      giveHistory(market, pit.fair, grid[place + 1] ?? pit.fair, random)
    }
    if (market.ticker.startsWith('KXMVE')) return
    // Ranks are drawn as markets come, so that the busiest are no particular ones.
    this.#pits.splice(random.below(nth + 1), 0, pit)
    this.#sums = []
  }

  /** Sets how many book events a second there are from now on. */
  set rate(perSecond: number) {
    this.#rate = perSecond
  }

  advance(elapsedUs: number): void {
    this.#owed += (elapsedUs * this.#rate) / 1_000_000
    while (this.#owed >= 1) this.#owed -= this.#act()
  }

  step(count: number): number {
    let done = 0
    while (done < count) done += this.#act()
    return done
  }

  #act(): number {
    const pit = this.#draw()
    return pit === null ? 1 : act(this.#floor, pit, this.#random, this.#now())
  }

  #draw(): Pit | null {
    if (this.#sums.length === 0) this.#weigh()
    for (let tries = 0; tries < 20; tries += 1) {
      const point = this.#random.next() * (this.#sums.at(-1) ?? 0)
      const pit = this.#pits[indexAtMost(this.#sums, point) + 1]
      if (pit?.market.status === 'active') return pit
    }
    return null
  }

  #weigh(): void {
    let sum = 0
    this.#sums = this.#pits.map((_, rank) => {
      sum += 1 / (rank + 1) ** this.#options.skew
      return sum
    })
  }
}

/** Gives a market that is said to have traded before today some trading to show. */
function giveHistory(market: Market, bid: number, ask: number, random: Random): void {
  market.lastPrice = bid
  market.lastSize = 100
  market.volume = random.below(9_000_000)
  market.openInterest = Math.floor(market.volume * 0.7)
  market.dollarVolume = (market.volume * bid) / 100
  Object.assign(market.previous, { bid, ask, last: bid })
}
