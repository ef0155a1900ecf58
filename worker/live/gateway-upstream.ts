import type { FeedWord } from '#core/feed-health'
import { shardOf } from '#core/shard'
import type { Ticker } from '#core/ticker'
import type { WireListing } from '#core/wire/directory'
import type { FeedItem } from '#core/wire/feed'
import { GATEWAY_MARKETS } from '#core/wire/gateway-feed'
import type { WireTradeHole } from '#core/wire/trade-hole'
import { type Env, settingsOf } from '../env.ts'
import { type LinkEvents, ShardLink } from './gateway-shard-link.ts'
import { GATEWAY_HEADER, STREAM_HEADERS } from './stream-headers.ts'
import { shardStub } from './stubs.ts'

/** What comes from the shards, each with the shard that it comes from. */
export type UpstreamEvents = {
  /** The seq that we have of a market, null for none. */
  readonly seqOf: (market: string) => number | null
  readonly items: (items: readonly FeedItem[]) => void
  readonly directory: (listings: readonly WireListing[]) => void
  readonly hole: (shard: number, hole: WireTradeHole) => void
  readonly anew: () => void
  readonly word: () => void
  readonly refused: (markets: readonly string[]) => void
}

export type FeedState = { readonly feed: FeedWord; readonly upstream_age_ms: number | null }

/** From worst to best. */
const WORDS = ['down', 'degraded', 'healthy'] as const

/** A Gateway's sockets to the shards: one to each that it needs. */
export class Upstream {
  readonly #env: Env
  readonly #account: string
  readonly #events: UpstreamEvents
  readonly #links = new Map<number, ShardLink>()
  readonly #watched = new Map<number, Set<string>>()
  readonly #shards: number
  #plan = 'free'
  #missedUs: number | null = null

  /** @param account the Gateway's own name */
  constructor(env: Env, account: string, events: UpstreamEvents) {
    this.#env = env
    this.#account = account
    this.#events = events
    this.#shards = settingsOf(env).FEED_SHARDS ?? 1
  }

  /** Of shards that are listened to from now on nothing was heard since a moment, µs; null when they are new. */
  missed(sinceUs: number | null): void {
    this.#missedUs = sinceUs
  }

  /** The shard that feeds a market. */
  shardOf(market: string): number {
    return shardOf(market as Ticker, this.#shards)
  }

  /** Follows markets from now on; each is answered by its book, once there is one. */
  watch(markets: readonly string[]): void {
    for (const [shard, some] of this.#byShard(markets)) {
      const watched = this.#watched.get(shard) ?? new Set()
      this.#watched.set(shard, watched)
      for (const market of some) watched.add(market)
      const link = this.#links.get(shard)
      if (link === undefined) this.#link(shard)
      else {
        for (const part of parts(some)) {
          link.tell({ watch: part.map((market) => [market, this.#events.seqOf(market)]) })
        }
      }
    }
  }

  /** Follows markets no more. */
  unwatch(markets: readonly string[]): void {
    for (const [shard, some] of this.#byShard(markets)) {
      for (const market of some) this.#watched.get(shard)?.delete(market)
      for (const part of parts(some)) this.#links.get(shard)?.tell({ unwatch: part })
    }
  }

  /** A market's book cannot go on without what follows the seq that we have. */
  need(market: string): void {
    const link = this.#links.get(this.shardOf(market))
    link?.tell({ need: [[market, this.#events.seqOf(market)]] })
  }

  /** Listens to every shard, as any of them may be told of a new market. */
  listenToAll(): void {
    for (let shard = 0; shard < this.#shards; shard++) this.#link(shard)
  }

  /** Drops what hangs, and the sockets that nothing needs. @param toAll whether all are listened to */
  tend(toAll: boolean): void {
    const silentMs = 2 * settingsOf(this.#env).FEED_SILENT_MS
    for (const [shard, link] of this.#links) {
      if (toAll || (this.#watched.get(shard)?.size ?? 0) > 0) link.check(silentMs)
      else {
        link.close()
        this.#links.delete(shard)
      }
    }
  }

  /** The account's plan is this one now: shards hear at each connection whether it pays. */
  turn(plan: string): void {
    const pays = plan !== 'free'
    const before = this.#plan !== 'free'
    this.#plan = plan
    if (pays !== before) for (const link of this.#links.values()) link.reopen()
  }

  close(): void {
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
    this.#watched.clear()
  }

  /** Whether a market's shard has a collector, as far as we know. */
  reaches(market: string): boolean {
    return (this.#links.get(this.shardOf(market))?.word ?? 'down') !== 'down'
  }

  /** Since when (µs) trades of some markets do not come; null when they do. */
  holeUs(markets: readonly string[]): number | null {
    const shards = this.#byShard(markets).keys()
    const holes = [...shards].map((shard) => this.#links.get(shard)?.holeUs ?? null)
    const open = holes.filter((hole) => hole !== null)
    return open.length === 0 ? null : Math.min(...open)
  }

  /** The worst of some shards, null for all; the age is the oldest of theirs (ms), null when one has none. */
  state(shards: Iterable<number> | null): FeedState {
    let feed: FeedWord = 'healthy'
    let age: number | null = 0
    for (const shard of shards ?? this.#links.keys()) {
      const link = this.#links.get(shard)
      const word = link?.word ?? 'degraded'
      if (WORDS.indexOf(word) < WORDS.indexOf(feed)) feed = word
      const theirs = link?.upstreamAgeMs ?? null
      age = age === null || theirs === null ? null : Math.max(age, theirs)
    }
    return { feed, upstream_age_ms: age }
  }

  #link(shard: number): void {
    if (this.#links.has(shard)) return
    const events = {
      declared: () =>
        [...(this.#watched.get(shard) ?? [])].map((market): [string, number | null] => [
          market,
          this.#events.seqOf(market),
        ]),
      items: this.#events.items,
      // Each shard is told of every market: the one that feeds it is believed, so that the directory follows its records.
      directory: (listings: readonly WireListing[]) =>
        this.#events.directory(listings.filter(({ m }) => this.shardOf(m) === shard)),
      hole: (hole: WireTradeHole) => this.#events.hole(shard, hole),
      anew: this.#events.anew,
      word: this.#events.word,
      refused: this.#events.refused,
    } satisfies LinkEvents
    const link = new ShardLink(() => this.#connect(shard), events, this.#missedUs)
    this.#links.set(shard, link)
  }

  /** Throws when the shard is away. */
  async #connect(shard: number): Promise<WebSocket> {
    const headers = {
      Upgrade: 'websocket',
      [GATEWAY_HEADER]: this.#account,
      [STREAM_HEADERS.plan]: this.#plan,
    }
    const request = new Request('https://object/', { headers })
    const { webSocket } = await shardStub(this.#env, shard, this.#shards).fetch(request)
    if (webSocket === null) throw new TypeError('the shard took no websocket')
    webSocket.accept()
    return webSocket
  }

  #byShard(markets: readonly string[]): Map<number, string[]> {
    const shards = new Map<number, string[]>()
    for (const market of markets) {
      const shard = this.shardOf(market)
      const some = shards.get(shard)
      if (some === undefined) shards.set(shard, [market])
      else some.push(market)
    }
    return shards
  }
}

function parts(markets: readonly string[]): string[][] {
  const all: string[][] = []
  for (let at = 0; at < markets.length; at += GATEWAY_MARKETS) {
    all.push(markets.slice(at, at + GATEWAY_MARKETS))
  }
  return all
}
