import type { Clock } from './clock.ts'
import { type Floor, stampAt } from './floor.ts'
import { makeListings } from './listings.ts'
import { LoadBooks } from './load-books.ts'
import { LoadLanes } from './load-lanes.ts'
import { listMarket, type Market } from './market.ts'
import { type Random, seededRandom } from './random.ts'
import type { Session } from './session.ts'
import type { Source } from './source.ts'

/** A load: so many markets of so many levels (both sides together), so many deltas and trades a second. */
export type LoadOptions = {
  seed: number
  markets: number
  levels: number
  rate: number
  trades: number
  /** 0: all markets alike; 1: the k-th busiest market gets 1/k of what the busiest gets */
  skew: number
}

const CENT = 10_000
const DOLLAR = 1_000_000
/** Choices that are drawn once and then used again and again; powers of two. */
const PICKS = 1 << 20
const DEPTHS = 1 << 12
const SIZES = 1 << 12
/** A level that holds more is not added to. */
const LARGEST = 150_000
/** Deltas that bear the same time. */
const DATED_TOGETHER = 4

/**
 * Trading made up at little cost, for measuring what takes it in: the same protocol, but books of a
 * one-cent grid in typed arrays, choices out of tables, and frames out of ready pieces, many in one write.
 * Mostly levels behind the best change. Faults that hit single frames do not see these.
 */
export class Load implements Source {
  readonly #floor: Floor
  readonly #now: Clock
  readonly #random: Random
  readonly #books: LoadBooks
  readonly #markets: Market[]
  readonly #lanes: LoadLanes
  readonly #picks = new Uint32Array(PICKS)
  readonly #depths = new Uint8Array(DEPTHS)
  readonly #sizes = new Int32Array(SIZES)
  readonly #half: number
  readonly #tradeRate: number
  #rate: number
  #word: number
  #owed = 0
  #owedTrades = 0

  constructor(floor: Floor, now: Clock, sessions: ReadonlySet<Session>, options: LoadOptions) {
    this.#floor = floor
    this.#now = now
    this.#random = seededRandom(options.seed)
    this.#word = (options.seed * 2 + 1) | 0
    this.#rate = options.rate
    this.#tradeRate = options.trades
    this.#half = Math.max(2, Math.round(options.levels / 2))
    this.#books = new LoadBooks(options.markets)
    this.#markets = makeListings(options.markets, this.#random, now()).map((listing, index) =>
      listMarket({ ...listing, structure: 'linear_cent' }, 'active', this.#books.book(index)),
    )
    for (const market of this.#markets) floor.add(market)
    this.#fillTables(options.skew)
    for (let index = 0; index < options.markets; index += 1) this.#openBook(index)
    this.#lanes = new LoadLanes(this.#markets, sessions)
  }

  /** Sets how many deltas a second there are from now on. */
  set rate(perSecond: number) {
    this.#rate = perSecond
    this.#owed = 0
  }

  advance(elapsedUs: number): void {
    this.#owed += (elapsedUs * this.#rate) / 1_000_000
    this.#owedTrades += (elapsedUs * this.#tradeRate) / 1_000_000
    const due = Math.floor(this.#owed)
    this.#owed -= this.#run(due, elapsedUs)
    for (; this.#owedTrades >= 1; this.#owedTrades -= 1) this.#trade()
    this.#lanes.flush()
  }

  step(count: number): number {
    const done = this.#run(count, 0)
    this.#lanes.flush()
    return done
  }

  /** Does so many deltas, dated over the time that has passed. */
  #run(count: number, elapsedUs: number): number {
    const nowUs = this.#now()
    this.#lanes.refresh()
    for (let done = 0; done < count; done += 1) {
      if (done % DATED_TOGETHER === 0) {
        this.#lanes.date(Math.round(nowUs - elapsedUs * (1 - (done + 1) / count)))
      }
      this.#act()
    }
    return count
  }

  /** One order placed, grown, shrunk or cancelled; nothing when the market does not trade. */
  #act(): void {
    const word = this.#next()
    const index = this.#picks[word & (PICKS - 1)] ?? 0
    if (this.#markets[index]?.status !== 'active') return
    const side = ((word >>> 20) & 1) as 0 | 1
    const ladder = 2 * index + side
    const best = this.#books.bests[ladder] ?? 0
    const other = this.#books.bests[ladder ^ 1] ?? 0
    const choice = this.#next()
    const behind = this.#depths[choice & (DEPTHS - 1)] ?? 0
    // Now and then somebody offers a better price, where the spread has room for one.
    if (best === 0 || (behind === 0 && (choice & 0x8000) === 0 && best + 1 + other < 100)) {
      if (best + 1 + other < 100) this.#change(ladder, best + 1, this.#size(choice))
      return
    }
    let price = Math.max(1, best - behind)
    let held = this.#books.size(ladder, price)
    const depth = this.#books.depths[ladder] ?? 0
    if (held === 0 && depth >= this.#half + 2) {
      price = this.#books.below(ladder, price) || best
      held = this.#books.size(ladder, price)
      if (depth > 1) this.#change(ladder, price, -held)
      return
    }
    const wish = (choice >>> 24) & 15
    if (held > 0 && wish < 5 && depth > Math.max(1, this.#half - 2)) {
      this.#change(ladder, price, -held)
    } else if ((held > 1 && wish < 9) || held > LARGEST) {
      this.#change(ladder, price, -Math.max(1, Math.floor((held * (1 + (wish & 3))) / 8)))
    } else this.#change(ladder, price, this.#size(choice))
  }

  /** Somebody takes a part of a best order. */
  #trade(): void {
    const index = this.#picks[this.#next() & (PICKS - 1)] ?? 0
    const market = this.#markets[index]
    const side = (this.#next() & 1) as 0 | 1
    const price = this.#books.bests[2 * index + side] ?? 0
    if (market?.status !== 'active' || price === 0) return
    const count = Math.ceil(this.#books.size(2 * index + side, price) / 4)
    if (count === this.#books.size(2 * index + side, price)) return
    const atUs = this.#now()
    this.#change(2 * index + side, price, -count)
    const yesPrice = side === 0 ? price * CENT : DOLLAR - price * CENT
    const taker = side === 0 ? 'no' : 'yes'
    const id = this.#random.uuid()
    this.#floor.trade({ id, market, yesPrice, count, taker, block: false, atUs })
    this.#floor.quote(market, atUs)
  }

  #change(ladder: number, price: number, change: number): void {
    this.#books.set(ladder, price, this.#books.size(ladder, price) + change)
    const index = ladder >>> 1
    const market = this.#markets[index]
    this.#floor.changes += 1
    this.#lanes.delta(index, (ladder & 1) as 0 | 1, price, change)
    if (!this.#floor.isObserved || market === undefined) return
    const side = (ladder & 1) === 0 ? 'yes' : 'no'
    const stamp = stampAt(this.#now())
    this.#floor.observed({ kind: 'delta', market, side, price: price * CENT, change, stamp })
  }

  #size(word: number): number {
    return this.#sizes[(word >>> 12) & (SIZES - 1)] ?? 100
  }

  /** xorshift32: a signed word of 32 bits, which needs no memory of its own. */
  #next(): number {
    let word = this.#word
    word ^= word << 13
    word ^= word >>> 17
    word ^= word << 5
    this.#word = word
    return word
  }

  #fillTables(skew: number): void {
    const random = this.#random
    const sums: number[] = []
    let sum = 0
    for (let rank = 0; rank < this.#markets.length; rank += 1) {
      sum += 1 / (rank + 1) ** skew
      sums.push(sum)
    }
    // Each market in its share, and the busiest ones spread over the list.
    const stride = strideOf(this.#markets.length)
    let rank = 0
    for (let pick = 0; pick < PICKS; pick += 1) {
      while ((sums[rank] ?? Number.POSITIVE_INFINITY) < ((pick + 0.5) / PICKS) * sum) rank += 1
      this.#picks[pick] = (rank * stride) % this.#markets.length
    }
    for (let i = 0; i < DEPTHS; i += 1) {
      this.#depths[i] = random.chance(0.06) ? 0 : 1 + random.geometric(0.2, this.#half + 2)
    }
    for (let i = 0; i < SIZES; i += 1) {
      const contracts = Math.ceil(Math.exp(random.next() * 6.5))
      this.#sizes[i] = random.chance(0.25) ? contracts * 100 - random.below(100) : contracts * 100
    }
  }

  #openBook(index: number): void {
    const random = this.#random
    const room = 97 - 2 * this.#half
    const yes = Math.min(96, this.#half + 1 + random.below(Math.max(1, room)))
    for (const [ladder, best] of [
      [2 * index, yes],
      [2 * index + 1, 99 - yes - random.below(2)],
    ] as const) {
      for (let level = 0; level < Math.min(this.#half, best); level += 1) {
        this.#books.set(ladder, best - level, this.#sizes[random.below(SIZES)] ?? 100)
      }
    }
  }
}

/** A step that visits every place of a list once: prime, and not a divisor of its length. */
function strideOf(length: number): number {
  return [7919, 104_729].find((prime) => length % prime !== 0) ?? 1
}
