/**
 * A live answer vouches for the book within the last two seconds. The difference to this age (ms) is
 * left for the way from the exchange through us.
 */
export const FRESH_MS = 1500
/** With so many batches unanswered the collector gathers, so that its beats no longer say it all. */
const GATHERS_FROM = 8
/** The collector's clock and ours agree within this (ms), the quickest way included; more is doubted. */
const CLOCKS_AGREE_MS = 250
/** Beats over which the quickest way is looked for, so that a slewed clock is followed. */
const WAYS = 60

export type FeedWord = 'healthy' | 'degraded' | 'down'

/** What the collector said of itself in its last beat (ms, counts of markets and gaps). */
export type BeatFacts = {
  readonly sent_us: number
  readonly upstream_age_ms: number | null
  readonly lag_p50_ms: number | null
  readonly lag_p99_ms: number | null
  readonly stale: number
  readonly gaps: number
}

/** Whether a moment up to which a book is vouched for is recent enough to call the book live. */
export function isFresh(vouchedMs: number | null, nowMs: number): boolean {
  return vouchedMs !== null && nowMs - vouchedMs <= FRESH_MS
}

/** What a shard knows of its collector over one connection; all times in ms of the shard's clock. */
export class FeedHealth {
  /** When anything was last heard. */
  heardMs: number
  /** Everything that the collector knew at this moment has reached the shard; null before a beat. */
  vouchedMs: number | null = null
  last: BeatFacts | null = null
  beats = 0
  /** Batches that the shard has not answered yet. */
  unacknowledged = 0
  /** Between the last beats' sending by the collector's clock and their arrival by ours. */
  readonly #ways: number[] = []

  constructor(nowMs: number) {
    this.heardMs = nowMs
  }

  /** Any message counts as a sign of life. */
  heard(nowMs: number): void {
    this.heardMs = nowMs
  }

  /** The collector beats: it vouches for what it sent before, unless it holds something back. */
  beat(beat: BeatFacts, nowMs: number): void {
    this.heardMs = nowMs
    this.last = beat
    this.beats += 1
    const way = nowMs - beat.sent_us / 1000
    this.#ways.push(way)
    if (this.#ways.length > WAYS) this.#ways.shift()
    const quickest = Math.min(CLOCKS_AGREE_MS, ...this.#ways)
    if (beat.upstream_age_ms === null) this.vouchedMs = null
    else if (this.unacknowledged < GATHERS_FROM) {
      this.vouchedMs = nowMs - (way - quickest) - beat.upstream_age_ms
    }
  }

  /** The state of the feed in one word, for subscribers. */
  word(): FeedWord {
    if (this.last === null) return 'degraded'
    return this.last.upstream_age_ms === null || this.last.stale > 0 ? 'degraded' : 'healthy'
  }
}
