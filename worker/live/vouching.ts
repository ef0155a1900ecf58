import { isFresh } from '#core/feed-health'
import type { LiveKnowledge } from '#core/live-answer'
import type { Ticker } from '#core/ticker'
import { type Env, settingsOf } from '../env.ts'
import type { FeedShard } from './feed-shard.ts'
import { peekedKnowledge } from './live-knowledge.ts'
import type { Idle } from './market-lanes.ts'
import type { ReadOutcome, WatchOutcome } from './shard-answer.ts'
import { shardStubOf } from './stubs.ts'
import { READ_WATCH_MS } from './watchers.ts'

/** What the market's object has, and for whom. */
export type BookHolder = {
  readonly seq: number | null
  /** Its book is what the shard sent, and all of it. */
  readonly whole: boolean
  readonly sockets: number
  /** One of its subscribers pays. */
  readonly paid: boolean
}

/** What the shard was told last of this object's interest. */
type Told = { readonly listened: boolean; readonly paid: boolean }

/** Whether a market's book is watched by its shard, up to when it is vouched for, and how the shard is asked. */
export class Vouching {
  readonly #market: Ticker
  readonly #env: Env
  readonly #holder: () => BookHolder
  readonly #lapsed: () => void
  #ms: number | null = null
  #token = 0
  /** Up to this token the shard may feed us no more. */
  #released = -1
  /** Up to when reads keep the watch, by our own clock, which began before the shard's did, ms. */
  #readUntilMs = 0
  /** One of those readers pays. */
  #readPaid = false
  #told: Told | null = null
  #asking: Promise<boolean> | null = null
  #reading: Promise<LiveKnowledge | null> | null = null

  /** @param lapsed hears that the shard may have stopped sending, and began anew maybe */
  constructor(market: Ticker, env: Env, holder: () => BookHolder, lapsed: () => void) {
    this.#market = market
    this.#env = env
    this.#holder = holder
    this.#lapsed = lapsed
  }

  /** Up to when the book is vouched for, ms; null when nobody does. */
  get vouchedMs(): number | null {
    return this.#holder().whole ? this.#ms : null
  }
  /** Whether the book may be called live. */
  get fresh(): boolean {
    return isFresh(this.vouchedMs, Date.now())
  }
  /** Whether anybody wants the book kept up to date. */
  get wanted(): boolean {
    const pending = this.#asking !== null || this.#reading !== null
    return pending || this.#holder().sockets > 0 || Date.now() < this.#readUntilMs
  }

  /** The shard told of the book as it was at this moment (ms), knowing this token of ours. */
  upTo(ms: number, token: number): void {
    if (token > this.#released) this.#ms = Math.max(this.#ms ?? 0, Math.min(Date.now(), ms))
  }

  /** Nobody vouches any more. */
  lose(): void {
    this.#ms = null
  }

  /** What the shard is answered, which knows this token, when nobody wants the book; null when somebody does. */
  idle(token: number): Idle | null {
    if (this.wanted) return null
    this.#released = Math.max(this.#released, token, this.#token)
    this.#told = null
    this.#ms = null
    return { kind: 'idle', token }
  }

  /** The shard hears that there are no subscribers. */
  unlistened(): void {
    if (this.#told !== null) this.#told = { ...this.#told, listened: false }
  }

  /**
   * Has the shard watch and vouch, unless that is settled. @returns false when it refuses
   * @param anew it is asked in any case, so that its watch lasts
   */
  async follow(anew = false): Promise<boolean> {
    if (!anew && this.fresh && this.#isTold) return true
    if (this.#asking !== null) {
      const followed = await this.#asking
      if (this.#isTold || !followed) return followed
    }
    this.#asking ??= this.#watch().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  /**
   * Has the shard vouch for a reader, or show it the book as it is.
   * @returns what there is to see; null when it is our own book, vouched for or not
   */
  async read(paid: boolean): Promise<LiveKnowledge | null> {
    const now = Date.now()
    const { sockets } = this.#holder()
    const watched = sockets > 0 || now < this.#readUntilMs
    const lasting = sockets > 0 || this.#readUntilMs - now > READ_WATCH_MS / 2
    if (watched && lasting && this.fresh) return null
    if (watched && (await this.follow(!lasting))) return null
    this.#reading ??= this.#read(paid).finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  /** The shard knows what we want. */
  get #isTold(): boolean {
    const { sockets, paid } = this.#holder()
    const told = this.#told
    if (told === null) return false
    return (told.listened || sockets === 0) && (told.paid || !paid)
  }

  async #watch(): Promise<boolean> {
    const askedMs = Date.now()
    this.#lapse(askedMs)
    const isRead = askedMs < this.#readUntilMs
    const watch = this.#nextWatch(isRead && this.#readPaid)
    const outcome = await this.#ask(
      async (shard): Promise<WatchOutcome> =>
        await shard.watch(this.#market, watch, this.#holder()),
    )
    if (outcome === null) return true
    if (outcome.kind === 'refused') return false
    this.#told = watch
    if (isRead) this.#readUntilMs = askedMs + READ_WATCH_MS
    if (outcome.vouchedMs !== null) this.upTo(outcome.vouchedMs, watch.token)
    return true
  }

  async #read(paid: boolean): Promise<LiveKnowledge | null> {
    const askedMs = Date.now()
    this.#lapse(askedMs)
    const watch = this.#nextWatch(paid)
    const outcome = await this.#ask(
      async (shard): Promise<ReadOutcome> =>
        (await shard.read(this.#market, watch, this.#holder())) as ReadOutcome,
    )
    if (outcome === null) return { kind: 'nothing' }
    if (outcome.kind === 'peeked') {
      const { item, vouchedMs } = outcome
      return item ? peekedKnowledge(item, vouchedMs, Date.now()) : { kind: 'nothing' }
    }
    this.#told = watch
    this.#readPaid = paid
    this.#readUntilMs = askedMs + READ_WATCH_MS
    if (outcome.vouchedMs !== null) this.upTo(outcome.vouchedMs, watch.token)
    return null
  }

  /** A watch of reads that were not repeated in time may be over by now: the shard says nothing of that. */
  #lapse(nowMs: number): void {
    if (this.#told === null || this.#told.listened || nowMs < this.#readUntilMs) return
    this.#told = null
    this.#ms = null
    this.#lapsed()
  }

  #nextWatch(readPaid: boolean) {
    const { sockets, paid } = this.#holder()
    // It grows over evictions too.
    this.#token = Math.max(this.#token + 1, Date.now())
    return { token: this.#token, listened: sockets > 0, paid: paid || readPaid }
  }

  /** Asks the shard, once more when it was just restarting; null when it is away, so that nobody vouches. */
  async #ask<Result>(
    run: (shard: DurableObjectStub<FeedShard>) => Promise<Result>,
  ): Promise<Result | null> {
    const { FEED_SHARDS } = settingsOf(this.#env)
    if (FEED_SHARDS === null) return null
    const ask = () => run(shardStubOf(this.#env, this.#market, FEED_SHARDS))
    try {
      return await ask()
    } catch (error) {
      // Whoever has too much to do is not given more.
      if ((error as { overloaded?: unknown } | null)?.overloaded === true) return null
      return await ask().catch(() => null)
    }
  }
}
