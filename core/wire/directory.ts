import { z } from 'zod'
import type { MarketState } from '../market-life.ts'

/** One market of the directory, as the collector tells every shard of it when it is new or its place or state changes. */
export const wireListing = z.object({
  m: z.string(),
  event: z.string(),
  series: z.string().nullable(),
  /** The exchange's word. */
  status: z.string(),
})

/** Listings of one directory frame at most; more are told in several. */
export const LISTINGS = 1000

export type WireListing = z.infer<typeof wireListing>

/** Prints a market's place and state for the directory. */
export function printListing({
  ticker,
  event,
  series,
  status,
}: Pick<MarketState, 'ticker' | 'event' | 'series' | 'status'>): WireListing {
  return { m: ticker, event, series, status }
}
