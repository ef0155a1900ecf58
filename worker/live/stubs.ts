import { shardName, shardOf } from '#core/shard'
import type { Ticker } from '#core/ticker'
import type { Env } from '../env.ts'
import type { FeedShard } from './feed-shard.ts'
import type { Gateway } from './gateway.ts'
import type { MarketBook } from './market-book.ts'
import type { StreamTickets } from './stream-tickets.ts'

/** An object is made near whoever touches it first and never moves: all live near the exchange. */
const NEAR_EXCHANGE = { locationHint: 'enam' } as const

/** The object that holds a market's live book. */
export function marketStub(env: Env, market: Ticker): DurableObjectStub<MarketBook> {
  return env.MARKET_BOOK.getByName(market, NEAR_EXCHANGE)
}

/** The object by which an account follows any number of markets. */
export function gatewayStub(env: Env, accountId: string): DurableObjectStub<Gateway> {
  return env.GATEWAY.getByName(accountId, NEAR_EXCHANGE)
}

/** The object that keeps the tickets of some accounts. @param place of a ticket, `ticketPlace` of its account */
export function ticketsStub(env: Env, place: string): DurableObjectStub<StreamTickets> {
  return env.TICKETS.getByName(`tickets:${place}`, NEAR_EXCHANGE)
}

/** The object that ends the collector's socket of one shard. */
export function shardStub(env: Env, shard: number, shards: number): DurableObjectStub<FeedShard> {
  return env.FEED_SHARD.getByName(shardName(shard, shards), NEAR_EXCHANGE)
}

/** The object that feeds a market. */
export function shardStubOf(
  env: Env,
  market: Ticker,
  shards: number,
): DurableObjectStub<FeedShard> {
  return shardStub(env, shardOf(market, shards), shards)
}
