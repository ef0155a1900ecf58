import type { Micros } from '#core/instant'
import type { WireTradeHole } from '#core/wire/trade-hole'

/** Tells every shard from when to when trades do not come by the stream. */
export class ToldHole {
  readonly #tell: (text: string) => void
  #from: Micros | null = null

  /** @param tell takes a message for every shard */
  constructor(tell: (text: string) => void) {
    this.#tell = tell
  }

  /** The trade channel is away. @param from the last moment for which we have its trades */
  lost(from: Micros): void {
    if (this.#from !== null) return
    this.#from = from
    this.#tell(messageOf({ from_us: from, to_us: null }))
  }

  /** The trade channel is back: every trade from `at` on comes by itself. */
  resumed(at: Micros): void {
    if (this.#from === null) return
    const from_us = this.#from
    this.#from = null
    this.#tell(messageOf({ from_us, to_us: Math.max(at, from_us) }))
  }

  /** What a shard that greets us is to hear of it. */
  again(): string[] {
    return this.#from === null ? [] : [messageOf({ from_us: this.#from, to_us: null })]
  }
}

function messageOf(hole: WireTradeHole): string {
  return JSON.stringify({ hole })
}
