import type { ServerMessage } from '#core/wire/stream'
import type { WireTrade } from '#core/wire/trade'

type Missed = { readonly from_us: number; readonly to_us: number; readonly market: string | null }

/** The trades that a slow reader was not told, as the gap that it will be told. */
export class UntoldTrades {
  #missed: Missed | null = null

  get isEmpty(): boolean {
    return this.#missed === null
  }

  /** A trade was not told. */
  note({ market, event_us }: WireTrade): void {
    const before = this.#missed
    this.#missed = {
      from_us: Math.min(before?.from_us ?? event_us, event_us),
      to_us: Math.max(before?.to_us ?? 0, event_us + 1),
      market: before === null || before.market === market ? market : null,
    }
  }

  /** What is to be told of them, once; null when nothing is. */
  take(): ServerMessage | null {
    if (this.#missed === null) return null
    const { from_us, to_us, market } = this.#missed
    this.#missed = null
    const named = market === null ? {} : { market }
    return { type: 'gap', channel: 'trade', from_us, to_us, ...named }
  }
}
