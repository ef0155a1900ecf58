import type { BookRecord } from '#core/log'
import type { Ticker } from '#core/ticker'
import { FeedOutbox } from '../collector/feed-outbox.ts'

/** What went to a shard: batches, items and records in them, and characters. */
export type OutboxCounts = {
  batches: number
  items: number
  records: number
  characters: number
}

/** The collector's outbox, which counts. */
export class CountingOutbox extends FeedOutbox {
  readonly counts: OutboxCounts = { batches: 0, items: 0, records: 0, characters: 0 }

  override add(market: Ticker, record: BookRecord): boolean {
    const added = super.add(market, record)
    if (added) this.counts.records += 1
    return added
  }

  override take(nowMs: number): string | null {
    const text = super.take(nowMs)
    if (text !== null) {
      this.counts.batches += 1
      this.counts.items += text.split('"m":').length - 1
      this.counts.characters += text.length
    }
    return text
  }
}
