import type { Ticker } from './ticker.ts'

/** The shard that feeds a market: FNV-1a (32 bit) of its ticker, modulo the number of shards. */
export function shardOf(ticker: Ticker, shards: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < ticker.length; i++) {
    hash = Math.imul(hash ^ ticker.charCodeAt(i), 0x01000193) >>> 0
  }
  return hash % shards
}

/** A shard's name; another number of shards has other names, so that none inherits stale watches. */
export function shardName(shard: number, shards: number): string {
  return `feed:${shards}:${shard}`
}
