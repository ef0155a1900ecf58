import type { WebSocket } from 'ws'
import type { Clock } from './clock.ts'
import { ERRORS, type ErrorCode } from './command.ts'
import type { BookChange, Floor } from './floor.ts'
import { printFrame, printSnapshot } from './frames.ts'
import type { Corruption, Line } from './line.ts'
import type { Stats } from './stats.ts'
import { Subscription } from './subscription.ts'
import { type Allowance, TokenBucket } from './token-bucket.ts'

/** What a connection may do before it is told off. */
export type SessionLimits = {
  /** markets that one subscription may hold: error 26 beyond */
  marketsPerSubscription: number
  /** commands on one subscription: error 27 beyond */
  commands: Allowance
  /** bytes that a slow client may leave waiting: error 25 beyond, and the subscription is over */
  bufferBytes: number
}

/** One authenticated connection and its subscriptions. */
export class Session {
  readonly ws: WebSocket
  readonly line: Line
  readonly floor: Floor
  readonly limits: SessionLimits
  readonly stats: Stats
  readonly now: Clock
  /** hears that a book was given out */
  readonly onSubscribed: (ticker: string) => void
  readonly #bySid = new Map<number, Subscription>()
  readonly #byChannel = new Map<string, Subscription>()
  #lastSid = 0

  constructor(parts: {
    ws: WebSocket
    line: Line
    floor: Floor
    limits: SessionLimits
    stats: Stats
    now: Clock
    onSubscribed: (ticker: string) => void
  }) {
    this.ws = parts.ws
    this.line = parts.line
    this.floor = parts.floor
    this.limits = parts.limits
    this.stats = parts.stats
    this.now = parts.now
    this.onSubscribed = parts.onSubscribed
  }

  /** @returns the subscription of a channel */
  on(channel: string): Subscription | undefined {
    return this.#byChannel.get(channel)
  }

  /** @returns the subscription of a sid */
  at(sid: number): Subscription | undefined {
    return this.#bySid.get(sid)
  }

  /** @returns all subscriptions, oldest first */
  all(): Subscription[] {
    return [...this.#bySid.values()]
  }

  /** Opens a subscription: the next sid, counting from 1. */
  open(channel: string, tickers: Set<string> | null): Subscription {
    this.#lastSid += 1
    const bucket = new TokenBucket(this.limits.commands, this.now)
    const subscription = new Subscription(this.#lastSid, channel, tickers, bucket)
    this.#bySid.set(subscription.sid, subscription)
    this.#byChannel.set(channel, subscription)
    return subscription
  }

  /** Forgets a subscription: nothing more is sent on its sid. */
  end(subscription: Subscription): void {
    this.#bySid.delete(subscription.sid)
    this.#byChannel.delete(subscription.channel)
  }

  /** Sends one level's change, with the `msg` that was printed once for everybody. */
  sendDelta(subscription: Subscription, change: BookChange & { kind: 'delta' }, msg: string): void {
    const envelope = { type: 'orderbook_delta', sid: subscription.sid, seq: subscription.next() }
    this.stats.deltas += 1
    this.line.sendBook({
      type: 'delta',
      ticker: change.market.ticker,
      text: printFrame(envelope, msg),
      corrupted: (how) => corrupt(how, printFrame(envelope, msg), change),
    })
    this.checkBuffer(subscription)
  }

  /** Sends a market's whole book; `id` when a command that had one asked for it. */
  sendSnapshot(subscription: Subscription, ticker: string, id?: number): void {
    const market = this.floor.markets.get(ticker)
    const envelope = {
      type: 'orderbook_snapshot',
      sid: subscription.sid,
      seq: subscription.next(),
      ...(id === undefined ? {} : { id }),
    }
    const text = printFrame(envelope, printSnapshot(ticker, market, subscription.useYesPrice))
    this.stats.snapshots += 1
    this.line.sendBook({ type: 'snapshot', ticker, text, corrupted: () => text })
    this.checkBuffer(subscription)
  }

  /** Sends a frame of any other channel around a `msg` that is JSON already. */
  sendOther(subscription: Subscription, type: string, msg: string): void {
    const envelope = { type, sid: subscription.sid, seq: subscription.next() }
    this.line.sendOther(subscription.channel, printFrame(envelope, msg))
    this.checkBuffer(subscription)
  }

  /** Sends an error about a command; one about a subscription bears its sid, and its seq if it has one. */
  sendError(code: ErrorCode, id?: number, subscription?: Subscription): void {
    const seq = subscription?.next() ?? null
    this.line.send(
      JSON.stringify({
        ...(id === undefined ? {} : { id }),
        ...(subscription === undefined ? {} : { sid: subscription.sid }),
        ...(seq === null ? {} : { seq }),
        type: 'error',
        msg: { code, msg: ERRORS[code] },
      }),
    )
  }

  /** Ends a subscription for good with a terminal error: 10 or 25. */
  terminate(subscription: Subscription, code: 10 | 25): void {
    this.sendError(code, undefined, subscription)
    this.end(subscription)
  }

  /** Ends a subscription with error 25 when its client has left too much waiting. */
  checkBuffer(subscription: Subscription): void {
    if (this.line.waiting <= this.limits.bufferBytes) return
    if (this.#bySid.get(subscription.sid) === subscription) this.terminate(subscription, 25)
  }
}

/** The frame of a change as no current reader may take it. */
function corrupt(how: Corruption, text: string, change: BookChange & { kind: 'delta' }): string {
  const frame: { msg: Record<string, unknown> } = JSON.parse(text)
  switch (how) {
    case 'json':
      return text.slice(0, -10)
    case 'price':
      return JSON.stringify({ ...frame, msg: { ...frame.msg, price_dollars: '0.4x00' } })
    case 'legacy': {
      const { price_dollars: _, delta_fp: __, ...rest } = frame.msg
      const price = Math.round(change.price / 10_000)
      const delta = Math.round(change.change / 100)
      return JSON.stringify({ ...frame, msg: { ...rest, price, delta } })
    }
  }
}
