import type { Clock } from './clock.ts'
import type { Floor } from './floor.ts'
import type { Generator } from './generator.ts'
import type { Life, Outcome } from './life.ts'
import { makeListings } from './listings.ts'
import { isCombo, type MarketStatus } from './market.ts'
import { type Random, seededRandom } from './random.ts'

/** What may happen to a market, each as likely as the others. */
const LIVES = [
  'create',
  'open',
  'pause',
  'resume',
  'redate',
  'close',
  'determine',
  'dispute',
  'amend',
  'settle',
  'refine',
  'describe',
] as const

/** The statuses of the markets to which it may happen. */
const POSSIBLE: Record<(typeof LIVES)[number], readonly MarketStatus[]> = {
  create: [],
  open: ['initialized'],
  pause: ['active'],
  resume: ['inactive'],
  redate: ['active', 'closed'],
  close: ['active', 'inactive'],
  determine: ['closed'],
  dispute: ['determined'],
  amend: ['disputed'],
  settle: ['determined', 'amended'],
  refine: ['active'],
  describe: ['active'],
}

/** Makes markets live: they are created, open, pause, resume, close and settle, by the seed. */
export class Lives {
  readonly #floor: Floor
  readonly #life: Life
  readonly #generator: Generator
  readonly #random: Random
  readonly #now: Clock
  #born = 0

  constructor(floor: Floor, life: Life, generator: Generator, seed: number, now: Clock) {
    this.#floor = floor
    this.#life = life
    this.#generator = generator
    this.#random = seededRandom(seed ^ 0x5f3759df)
    this.#now = now
  }

  /** Lets one thing happen to one market for which it is possible; two at least stay active. */
  step(): void {
    const what = this.#random.pick(LIVES)
    const ticker = what === 'create' ? '' : this.#someIn(what)
    if (ticker !== null) this.#happen(what, ticker)
  }

  #happen(what: (typeof LIVES)[number], ticker: string): void {
    switch (what) {
      case 'create':
        this.#create()
        break
      case 'open':
        this.#life.open(ticker)
        break
      case 'pause':
        this.#life.pause(ticker)
        break
      case 'resume':
        this.#life.resume(ticker)
        break
      case 'redate':
        this.#life.redate(ticker, this.#now() + 3_600_000_000)
        break
      case 'close':
        this.#life.close(ticker)
        break
      case 'determine':
        this.#life.determine(ticker, this.#outcome(ticker))
        break
      case 'dispute':
        this.#life.dispute(ticker)
        break
      case 'amend':
        this.#life.amend(ticker, this.#outcome(ticker))
        break
      case 'settle':
        this.#life.settle(ticker)
        break
      case 'refine':
        this.#life.refine(ticker, 'deci_cent')
        break
      case 'describe':
        this.#life.describe(ticker, { yesSubTitle: `Above about ${this.#random.below(1000)}` })
        break
    }
  }

  #outcome(ticker: string): Outcome {
    if (this.#floor.market(ticker).type === 'scalar') return 10_000 * this.#random.below(101)
    return this.#random.chance(0.5) ? 'yes' : 'no'
  }

  #create(): void {
    const [listing] = makeListings(1, this.#random, this.#now())
    if (listing === undefined) return
    this.#born += 1
    const ticker = `KXNEWS-27FEB${this.#born}-T${this.#born}.5`
    const createdUs = this.#now()
    const market = this.#life.create({
      ...listing,
      ticker,
      createdUs,
      openUs: createdUs + 60_000_000,
    })
    this.#generator.enter(market)
  }

  #someIn(what: (typeof LIVES)[number]): string | null {
    const all = [...this.#floor.markets.values()].filter((each) => !isCombo(each))
    const active = all.filter((each) => each.status === 'active')
    if (active.length <= 2 && (what === 'pause' || what === 'close')) return null
    const able = all.filter(
      (each) =>
        POSSIBLE[what].includes(each.status) &&
        (what !== 'refine' || each.structure === 'linear_cent'),
    )
    return able.length === 0 ? null : this.#random.pick(able).ticker
  }
}
