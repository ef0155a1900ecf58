import type { Ticker } from '../ticker.ts'

/** Tickers named in one command at most: the exchange states no limit, others assume 256. */
const CHUNK = 200

/** A command of ours, ready to be sent as text. */
export type Command = { readonly id: number; readonly text: string }

/**
 * Asks for the books of these markets: the first subscribe makes the sid, the rest merge into it.
 * `use_yes_price` is said outright because its default will change.
 * @param firstId each command takes the next id
 */
export function subscribeBooks(firstId: number, markets: readonly Ticker[]): Command[] {
  return chunks(markets).map((market_tickers, i) =>
    command(firstId + i, 'subscribe', {
      channels: ['orderbook_delta'],
      market_tickers,
      use_yes_price: false,
      skip_ticker_ack: true,
    }),
  )
}

/** Asks for fresh snapshots of markets of one sid; nothing else changes. */
export function getSnapshots(firstId: number, sid: number, markets: readonly Ticker[]): Command[] {
  return chunks(markets).map((market_tickers, i) =>
    command(firstId + i, 'update_subscription', {
      sids: [sid],
      market_tickers,
      action: 'get_snapshot',
    }),
  )
}

function command(id: number, cmd: string, params: Record<string, unknown>): Command {
  return { id, text: JSON.stringify({ id, cmd, params }) }
}

function chunks(markets: readonly Ticker[]): Ticker[][] {
  const parts: Ticker[][] = []
  for (let i = 0; i < markets.length; i += CHUNK) parts.push(markets.slice(i, i + CHUNK))
  return parts
}
