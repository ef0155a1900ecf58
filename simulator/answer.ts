import { type ErrorCode, type Params, readCommand } from './command.ts'
import { printTicker } from './frames.ts'
import type { Session } from './session.ts'
import { QUIET_CHANNELS, type Subscription } from './subscription.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Does what a client's text frame asks, and answers it. */
export function answer(session: Session, text: string): void {
  session.stats.commands += 1
  const command = readCommand(text)
  switch (command.cmd) {
    case 'refused':
      session.sendError(command.code, command.id)
      break
    case 'list_subscriptions':
      listSubscriptions(session, command.id)
      break
    case 'subscribe':
      subscribe(session, command.params, command.id)
      break
    case 'unsubscribe':
      unsubscribe(session, command.params, command.id)
      break
    case 'update_subscription':
      update(session, command.params, command.id)
      break
  }
}

function listSubscriptions(session: Session, id: number | undefined): void {
  const msg = session.all().map(({ channel, sid }) => ({ channel, sid }))
  session.line.send(JSON.stringify({ ...(id === undefined ? {} : { id }), type: 'ok', msg }))
}

function subscribe(session: Session, params: Params, id: number | undefined): void {
  const channels = [...new Set(params.channels ?? [])]
  const tickers = tickersOf(session, params)
  const refused = refusal(channels, params, tickers)
  if (refused !== null) {
    session.sendError(refused, id)
    return
  }
  for (const channel of channels) {
    const existing = session.on(channel)
    if (existing !== undefined) {
      if (params.skip_ticker_ack !== undefined) existing.skipTickerAck = params.skip_ticker_ack
      add(session, existing, tickers ?? [], params, id)
      continue
    }
    const filter = channel === 'market_lifecycle_v2' || tickers?.length === 0 ? null : tickers
    if (filter !== null && new Set(filter).size > session.limits.marketsPerSubscription) {
      session.sendError(26, id)
      continue
    }
    const opened = session.open(channel, filter === null ? null : new Set(filter))
    opened.useYesPrice = params.use_yes_price ?? false
    opened.skipTickerAck = params.skip_ticker_ack ?? false
    const msg = { channel, sid: opened.sid }
    const head = { type: 'subscribed', ...(id === undefined ? {} : { id }) }
    session.line.send(JSON.stringify({ ...head, msg }))
    showFirst(session, opened, [...(opened.tickers ?? [])], params)
  }
}

/** Why a subscribe cannot be done at all; null when it can. */
function refusal(channels: string[], params: Params, tickers: string[] | null): ErrorCode | null {
  if (channels.length === 0) return 3
  for (const channel of channels) {
    if (channel.startsWith('cfbenchmarks_value')) {
      if (params.index_ids === undefined) return 24
    } else if (channel === 'pyth_value') {
      if (params.underlying_tickers === undefined) return 28
    } else if (!SPOKEN.includes(channel) && !QUIET_CHANNELS.includes(channel)) return 8
  }
  const byId = params.market_id !== undefined || params.market_ids !== undefined
  if (tickers === null || (byId && channels.some((channel) => channel !== 'ticker'))) return 11
  return channels.includes('orderbook_delta') && tickers.length === 0 ? 14 : null
}

const SPOKEN: readonly string[] = ['orderbook_delta', 'trade', 'ticker', 'market_lifecycle_v2']

/** The tickers that a command names, by ticker or by id; null when it names them in no valid way. */
function tickersOf(session: Session, params: Params): string[] | null {
  if (params.market_ticker !== undefined && params.market_tickers !== undefined) return null
  const ids = params.market_ids ?? (params.market_id === undefined ? [] : [params.market_id])
  if (!ids.every((each) => UUID.test(each))) return null
  const byId = [...session.floor.markets.values()].filter((each) => ids.includes(each.id))
  const named = params.market_tickers ?? []
  const one = params.market_ticker === undefined ? [] : [params.market_ticker]
  return [...named, ...one, ...byId.map((each) => each.ticker)]
}

/** Adds markets to a subscription: one `ok`, then the book of each that was not in it. */
function add(
  session: Session,
  subscription: Subscription,
  tickers: readonly string[],
  params: Params,
  id: number | undefined,
): void {
  const held = subscription.tickers
  if (held === null || tickers.length === 0) {
    if (subscription.channel !== 'orderbook_delta') subscription.widen()
    acknowledge(session, subscription, id)
    return
  }
  const fresh = [...new Set(tickers)].filter((ticker) => !held.has(ticker))
  if (held.size + fresh.length > session.limits.marketsPerSubscription) {
    session.sendError(26, id, subscription)
    return
  }
  subscription.add(fresh)
  acknowledge(session, subscription, id)
  showFirst(session, subscription, fresh, params)
}

/** What a market that has just come into a subscription is shown with. */
function showFirst(
  session: Session,
  subscription: Subscription,
  tickers: readonly string[],
  params: Params,
): void {
  const { channel } = subscription
  if (channel === 'orderbook_delta') {
    for (const ticker of tickers) session.sendSnapshot(subscription, ticker)
    for (const ticker of tickers) session.onSubscribed(ticker)
  } else if (channel === 'ticker' && params.send_initial_snapshot === true) {
    for (const ticker of tickers) {
      const market = session.floor.markets.get(ticker)
      if (market === undefined) continue
      session.sendOther(subscription, 'ticker', printTicker(market, session.now()))
    }
  }
}

/** The `ok` of a change: it takes a seq, and lists every market of the subscription in order. */
function acknowledge(session: Session, subscription: Subscription, id: number | undefined): void {
  const seq = subscription.next()
  const lists = subscription.tickers !== null && !subscription.skipTickerAck
  session.line.send(
    JSON.stringify({
      type: 'ok',
      ...(id === undefined ? {} : { id }),
      sid: subscription.sid,
      ...(seq === null ? {} : { seq }),
      msg: lists ? { market_tickers: [...(subscription.tickers ?? [])].sort() } : {},
    }),
  )
}

function unsubscribe(session: Session, params: Params, id: number | undefined): void {
  const sids = params.sids ?? (params.sid === undefined ? [] : [params.sid])
  if (sids.length === 0) {
    session.sendError(4, id)
    return
  }
  for (const sid of new Set(sids)) {
    const subscription = session.at(sid)
    if (subscription === undefined) {
      session.sendError(7, id)
      continue
    }
    const head = id === undefined ? {} : { id }
    const seq = subscription.take()
    session.line.send(JSON.stringify({ ...head, sid, seq, type: 'unsubscribed' }))
    session.end(subscription)
  }
}

function update(session: Session, params: Params, id: number | undefined): void {
  const sids = [...(params.sids ?? []), ...(params.sid === undefined ? [] : [params.sid])]
  const subscription = sids[0] === undefined ? undefined : session.at(sids[0])
  if (sids.length !== 1) session.sendError(12, id)
  else if (params.action === undefined) session.sendError(15, id)
  else if (subscription === undefined) session.sendError(7, id)
  else if (!subscription.commands.take(1)) session.sendError(27, id, subscription)
  else change(session, subscription, params, id)
}

/** Does an update whose subscription is known. */
function change(
  session: Session,
  subscription: Subscription,
  params: Params,
  id: number | undefined,
): void {
  const tickers = tickersOf(session, params)
  const isBook = subscription.channel === 'orderbook_delta'
  const byId = params.market_id !== undefined || params.market_ids !== undefined
  const action = ACTIONS.find((each) => each === params.action)
  if (action === undefined || (action === 'get_snapshot' && !isBook)) {
    session.sendError(13, id, subscription)
  } else if (tickers === null || (byId && isBook)) session.sendError(11, id, subscription)
  else if (tickers.length === 0) session.sendError(14, id, subscription)
  else if (action === 'add_markets') add(session, subscription, tickers, params, id)
  else if (action === 'get_snapshot') {
    for (const ticker of tickers) session.sendSnapshot(subscription, ticker, id)
  } else if (subscription.tickers === null) session.sendError(11, id, subscription)
  else {
    subscription.remove(tickers)
    acknowledge(session, subscription, id)
  }
}

const ACTIONS = ['add_markets', 'delete_markets', 'get_snapshot'] as const
