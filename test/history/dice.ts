/** Random numbers from a seed: the same seed gives the same numbers again. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** An integer from 0 up to, not including, `limit` (at most 2⁵³). */
  below(limit: number): number {
    const part = this.#draw() + this.#draw() / 2 ** 32
    return Math.floor((part / 2 ** 32) * limit)
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True this often, 0 to 1. */
  chance(often: number): boolean {
    return this.below(1_000_000) < often * 1_000_000
  }

  /** One of a list. Throws when it is empty. */
  pick<Item>(list: readonly Item[]): Item {
    if (list.length === 0) throw new Error('nothing to pick from')
    return list[this.below(list.length)] as Item
  }

  /** 32 bits. */
  #draw(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let bits = this.#state
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
    return (bits ^ (bits >>> 15)) >>> 0
  }
}
