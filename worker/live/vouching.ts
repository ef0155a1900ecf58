import { isFresh } from '#core/feed-health'
import type { Micros } from '#core/instant'
import type { Ticker } from '#core/ticker'
import { type Env, settingsOf } from '../env.ts'
import { shardStubOf } from './stubs.ts'

/** Up to when a market's book is vouched for, and how its shard is asked. */
export class Vouching {
  readonly #market: Ticker
  readonly #env: Env
  /** What the market's object has, and how many sockets. */
  readonly #state: () => { readonly seq: number | null; readonly sockets: number }
  #ms: number | null = null
  #asking: Promise<void> | null = null
  /** The shard knows that there are subscribers. */
  #shardKnows = false

  constructor(
    market: Ticker,
    env: Env,
    state: () => { readonly seq: number | null; readonly sockets: number },
  ) {
    this.#market = market
    this.#env = env
    this.#state = state
  }

  /** The moment, null when nobody vouches. */
  get confirmed(): Micros | null {
    return this.#ms === null ? null : (Math.round(this.#ms * 1000) as Micros)
  }
  /** Whether the book may be called live. */
  get fresh(): boolean {
    return isFresh(this.#ms, Date.now())
  }

  /** The collector told of the book as it was at this moment (ms). */
  upTo(ms: number): void {
    this.#ms = Math.max(this.#ms ?? 0, Math.min(Date.now(), ms))
  }

  /** Nobody vouches any more. */
  lose(): void {
    this.#ms = null
  }

  /** The shard was told how many sockets there are. */
  told(sockets: number): void {
    this.#shardKnows = sockets > 0
  }

  /** Asks the shard to watch and vouch, unless that is settled; one question at a time. */
  async ask(): Promise<void> {
    if (this.fresh && !this.#untold) return
    if (this.#asking !== null) {
      await this.#asking
      if (!this.#untold) return
    }
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
    })
    await this.#asking
  }

  /** There are subscribers that the shard does not know of. */
  get #untold(): boolean {
    return !this.#shardKnows && this.#state().sockets > 0
  }

  async #ask(): Promise<void> {
    const { FEED_SHARDS } = settingsOf(this.#env)
    if (FEED_SHARDS === null) return
    const { seq, sockets } = this.#state()
    try {
      const shard = shardStubOf(this.#env, this.#market, FEED_SHARDS)
      const vouchedMs = await shard.watch(this.#market, seq, sockets > 0)
      this.told(sockets)
      if (vouchedMs !== null) this.upTo(vouchedMs)
    } catch {
      // The shard is away: nobody vouches.
    }
  }
}
