import type { Ladders, Level, Side } from '#core/log'
import type { Price } from '#core/price'
import type { Size } from '#core/size'
import type { Random } from '../simulator/random.ts'

const CENT = 10_000
const CENTS = 100
const DEEPEST = 40

/** One change of a level: size in hundredths of a contract, price in millionths of a dollar. */
export type LevelChange = {
  readonly side: Side
  readonly price: Price
  readonly change: number
  readonly size: Size
}

/** The book of a made-up market with a tick of a cent: a size for every cent of both sides, and nothing of the product's. */
export class MadeBook {
  readonly #sizes = { yes: new Float64Array(CENTS), no: new Float64Array(CENTS) }
  readonly #random: Random
  /** The highest yes bid that there may be, in cents: bids of the two sides never meet. */
  #fair: number

  constructor(random: Random) {
    this.#random = random
    this.#fair = 5 + random.below(90)
    for (const side of ['yes', 'no'] as const) {
      for (let i = 0; i < 20; i += 1) this.#place(side)
    }
  }

  /** What happens next: an order is placed, cancelled, moved to another price (two changes) or taken. */
  next(): LevelChange[] {
    const random = this.#random
    const side = random.chance(0.5) ? 'yes' : 'no'
    if (random.chance(0.03)) {
      const taken = this.#wander()
      if (taken.length > 0) return taken
    }
    const wish = random.next()
    const held = wish < 0.45 ? null : this.#held(side)
    if (held === null) return [this.#place(side)]
    const all = this.#sizes[side][held] ?? 0
    const part = random.chance(0.6) ? all : 1 + random.below(all)
    if (wish < 0.8) return [this.#change(side, held, -part)]
    const to = this.#room(side)
    if (to === held) return [this.#change(side, held, -part)]
    return [this.#change(side, held, -part), this.#change(side, to, part)]
  }

  /** Both sides, best first. */
  ladders(): Ladders {
    return { yes: this.#levels('yes'), no: this.#levels('no') }
  }

  #levels(side: Side): Level[] {
    const levels: Level[] = []
    for (let cent = CENTS - 1; cent > 0; cent -= 1) {
      const size = this.#sizes[side][cent] ?? 0
      if (size > 0) levels.push([(cent * CENT) as Price, size as Size])
    }
    return levels
  }

  #change(side: Side, cent: number, change: number): LevelChange {
    const size = (this.#sizes[side][cent] ?? 0) + change
    this.#sizes[side][cent] = size
    return { side, price: (cent * CENT) as Price, change, size: size as Size }
  }

  #place(side: Side): LevelChange {
    const random = this.#random
    const contracts = Math.ceil(Math.exp(random.next() * 7.5))
    const size = random.chance(0.25) ? contracts * 100 - random.below(100) : contracts * 100
    return this.#change(side, this.#room(side), size)
  }

  /** A price near the best that the side may have. */
  #room(side: Side): number {
    return Math.max(1, this.#limit(side) - this.#random.geometric(0.22, DEEPEST))
  }

  #limit(side: Side): number {
    return side === 'yes' ? this.#fair : CENTS - 1 - this.#fair
  }

  /** A level that holds an order, null when there is none; those near the best more often. */
  #held(side: Side): number | null {
    const sizes = this.#sizes[side]
    const from = this.#limit(side) - this.#random.geometric(0.15, DEEPEST)
    for (let cent = from; cent > 0; cent -= 1) if ((sizes[cent] ?? 0) > 0) return cent
    return null
  }

  /** The fair price moves by a cent, and what stands beyond it is taken. */
  #wander(): LevelChange[] {
    const fair = this.#fair + (this.#random.chance(0.5) ? 1 : -1)
    this.#fair = Math.min(97, Math.max(2, fair))
    return (['yes', 'no'] as const).flatMap((side) => {
      const beyond = this.#limit(side) + 1
      const size = this.#sizes[side][beyond] ?? 0
      return size > 0 ? [this.#change(side, beyond, -size)] : []
    })
  }
}
