import type { Request } from '../requests.ts'

/** The channels of the whole exchange, which take no list of markets. */
export type OpenChannel = 'trade' | 'ticker' | 'market_lifecycle_v2'

/**
 * Writes a command about books: https://docs.kalshi.com/asyncapi.yaml. `use_yes_price` is said outright because its
 * default will change; acknowledgements that list every market of a subscription would grow without bound.
 */
export function bookCommand({ id, kind, sid, markets }: Request): string {
  switch (kind) {
    case 'subscribe':
      return command(id, 'subscribe', {
        channels: ['orderbook_delta'],
        market_tickers: markets,
        use_yes_price: false,
        skip_ticker_ack: true,
      })
    case 'unsubscribe':
      return command(id, 'unsubscribe', { sids: [sid] })
    case 'add':
      return update(id, sid, markets, 'add_markets')
    case 'delete':
      return update(id, sid, markets, 'delete_markets')
    case 'snapshot':
      return update(id, sid, markets, 'get_snapshot')
    case 'list':
      return listSubscriptions(id)
  }
}

/** Writes a subscription to everything that a channel says. */
export function subscribeOpen(id: number, channel: OpenChannel): string {
  return command(id, 'subscribe', { channels: [channel] })
}

/** Writes a question whose answer only shows that the exchange still listens. */
export function listSubscriptions(id: number): string {
  return JSON.stringify({ id, cmd: 'list_subscriptions' })
}

function update(id: number, sid: number | null, markets: readonly string[], action: string) {
  return command(id, 'update_subscription', { sids: [sid], market_tickers: markets, action })
}

function command(id: number, cmd: string, params: Record<string, unknown>): string {
  return JSON.stringify({ id, cmd, params })
}
