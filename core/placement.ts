import type { Ticker } from './ticker.ts'

/** How one connection stands. */
export type Load = {
  readonly connection: number
  /** Whether it is up, or will be in a moment. */
  readonly usable: boolean
  readonly markets: number
  /** How many more markets the exchange lets it have. */
  readonly room: number
  /** Changes a second of its markets together. */
  readonly rate: number
}

/** A market and how many changes a second it has. */
export type Busy = { readonly market: Ticker; readonly connection: number; readonly rate: number }

export type Move = { readonly market: Ticker; readonly from: number; readonly to: number }

/** What a market of no known rate counts for, in changes a second. */
const QUIET = 0.1
/** A connection is much busier than another at this many times its rate, and so many changes a second more. */
const BUSIER = 1.5
const MORE = 50
/** A market cooler than this is not worth a snapshot of its book. */
const HOT = 5
/** Far more markets: so many times as many, and so many more, which is also what changes over in one round. */
const MANY_MORE = 1.5
const MANY = 200
/** Moves in one round, and rounds before a market may move again. */
const MOVES = 8
const REST_ROUNDS = 10

/**
 * Says for each of so many markets which connection gets it: the one with the least to do, counting what was given out
 * just before. Null where no connection that is usable has room.
 */
export function place(count: number, loads: readonly Load[]): (number | null)[] {
  const free = loads.map((load) => ({ ...load, weight: load.rate + load.markets * QUIET }))
  return Array.from({ length: count }, () => {
    let best: (typeof free)[number] | undefined
    for (const each of free) {
      if (!each.usable || each.room <= 0) continue
      if (best === undefined || each.weight < best.weight) best = each
    }
    if (best === undefined) return null
    best.weight += QUIET
    best.room -= 1
    return best.connection
  })
}

/** One connection has far more markets than another: so many of them are to change over, or null. */
export function level(
  loads: readonly Load[],
): { readonly from: number; readonly to: number; readonly count: number } | null {
  const up = loads.filter(({ usable }) => usable)
  const from = extreme(up, (a, b) => a.markets > b.markets)
  const to = extreme(
    up.filter(({ room }) => room > 0),
    (a, b) => a.markets < b.markets,
  )
  if (from === undefined || to === undefined) return null
  const excess = from.markets - to.markets * MANY_MORE
  if (excess < MANY) return null
  const count = Math.min(MANY, to.room, Math.floor((from.markets - to.markets) / 2))
  return { from: from.connection, to: to.connection, count }
}

/** Moves hot markets apart, few at a time, and none to and fro. */
export class Balance {
  readonly #moved = new Map<Ticker, number>()
  #round = 0

  /**
   * One round.
   * @param busy the hottest markets of the connections, in any order
   * @returns what is to be moved
   */
  moves(loads: readonly Load[], busy: readonly Busy[]): Move[] {
    this.#round += 1
    for (const [market, round] of this.#moved) {
      if (this.#round - round >= REST_ROUNDS) this.#moved.delete(market)
    }
    const up = loads.filter(({ usable }) => usable).map((load) => ({ ...load }))
    const hot = busy
      .filter(({ market, rate }) => rate >= HOT && !this.#moved.has(market))
      .sort((a, b) => b.rate - a.rate)
    const moves: Move[] = []
    while (moves.length < MOVES) {
      const from = extreme(up, (a, b) => a.rate > b.rate)
      const to = extreme(
        up.filter(({ room }) => room > 0),
        (a, b) => a.rate < b.rate,
      )
      if (from === undefined || to === undefined) break
      const excess = from.rate - to.rate
      if (from.rate < to.rate * BUSIER || excess < MORE) break
      // Half of the difference at most, or the other would be the busier one.
      const at = hot.findIndex(
        (each) => each.connection === from.connection && each.rate <= excess / 2,
      )
      const [chosen] = at < 0 ? [] : hot.splice(at, 1)
      if (chosen === undefined) break
      from.rate -= chosen.rate
      to.rate += chosen.rate
      to.room -= 1
      this.#moved.set(chosen.market, this.#round)
      moves.push({ market: chosen.market, from: from.connection, to: to.connection })
    }
    return moves
  }
}

function extreme<Each extends Load>(
  loads: readonly Each[],
  better: (a: Load, b: Load) => boolean,
): Each | undefined {
  return loads.reduce<Each | undefined>(
    (best, each) => (best === undefined || better(each, best) ? each : best),
    undefined,
  )
}
