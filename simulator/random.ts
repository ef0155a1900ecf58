/** A seeded stream of choices: the same seed always makes the same choices. */
export type Random = {
  /** a fraction in [0, 1) */
  next(): number
  /** an integer in [0, bound) */
  below(bound: number): number
  /** true with this probability */
  chance(probability: number): boolean
  /** how many failures before the first success: small numbers mostly, never above `cap` */
  geometric(success: number, cap: number): number
  /** one of the items; throws on an empty list */
  pick<T>(items: readonly T[]): T
  /** a version 4 UUID */
  uuid(): string
}

/** Makes a stream of choices from an integer seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    // A Weyl sequence through a 32-bit finaliser: fast, and even enough for made-up trading.
    state = (state + 0x9e3779b9) >>> 0
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return ((word ^ (word >>> 15)) >>> 0) / 2 ** 32
  }
  const below = (bound: number) => Math.floor(next() * bound)
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => below(16).toString(16)).join('')
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    geometric(success, cap) {
      let failures = 0
      while (failures < cap && next() >= success) failures += 1
      return failures
    },
    pick<T>(items: readonly T[]): T {
      const index = below(items.length)
      if (index >= items.length) throw new Error('nothing to pick from')
      return items[index] as T
    },
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[below(4)]}${hex(3)}-${hex(12)}`,
  }
}
