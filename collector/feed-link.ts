import { WebSocket } from 'ws'
import { backoffMs } from '#core/backoff'
import { flushDelay } from '#core/flush'
import type { Seq } from '#core/log'
import type { Ticker } from '#core/ticker'
import {
  FEED_CLOSE,
  FEED_MESSAGE_BYTES,
  FEED_VERSION,
  type FeedBeat,
  type FeedHello,
  fromShard,
} from '#core/wire/feed'
import type { FeedOutbox } from './feed-outbox.ts'
import { logEvent } from './log-event.ts'

export type FeedLinkOptions = {
  /** `ws://host/internal/feed/` and the token that opens it. */
  readonly address: string
  readonly token: string
  readonly hello: Omit<FeedHello, 'v'>
  readonly outbox: FeedOutbox
  /** Messages that a shard hears first of all. */
  readonly opening?: () => readonly string[]
  /** A higher epoch, or this one under another lease, is known to the shard. */
  readonly superseded: (highest: number) => void
}

/** Bytes that a shard may leave unread before we start over. */
const UNREAD_BYTES = 16 * 1024 * 1024
/** A batch that is not acknowledged for so long shows a connection that is no more. */
const UNANSWERED_MS = 10_000

type LinkState =
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'greeting'; readonly ws: WebSocket }
  | { readonly kind: 'open'; readonly ws: WebSocket }
  | { readonly kind: 'stopped' }

/** The connection to one shard: greets, sends batches within the window, hears who is watched. */
export class FeedLink {
  readonly #options: FeedLinkOptions
  #state: LinkState
  #attempt = 0
  #batch = 0
  /** Batches that the shard has not acknowledged, and when each was sent, ms. */
  #unacked = new Map<number, number>()
  /** Calls the next sending off; null while none is due. */
  #callOff: (() => void) | null = null

  constructor(options: FeedLinkOptions) {
    this.#options = options
    this.#state = this.#connect()
  }

  get open(): boolean {
    return this.#state.kind === 'open'
  }

  /** Something waits in the outbox. */
  wake(): void {
    if (this.#state.kind !== 'open' || this.#callOff !== null) return
    if (this.#options.outbox.overflown) {
      // The shard takes less than comes: start over from images rather than fall further behind.
      logEvent('feed_overflown', { shard: this.#options.hello.shard })
      this.#options.outbox.clear()
      this.#state.ws.terminate()
      return
    }
    const delay = flushDelay(this.#unacked.size, this.#options.outbox.bytes)
    this.#options.outbox.held = delay === 'hold'
    if (delay === 'hold') return
    const send = () => {
      this.#callOff = null
      this.#send()
    }
    if (delay === 0) {
      const turn = setImmediate(send)
      this.#callOff = () => clearImmediate(turn)
    } else {
      const timer = setTimeout(send, delay)
      this.#callOff = () => clearTimeout(timer)
    }
  }

  /** Tells that we live; what this shard was not sent yet is not vouched for. */
  beat(beat: FeedBeat): void {
    const now = Date.now()
    const oldest = Math.min(...this.#unacked.values())
    if (now - oldest > UNANSWERED_MS && this.#state.kind === 'open') {
      this.#state.ws.terminate()
      return
    }
    const upstream = beat.upstream_age_ms
    const waited = this.#options.outbox.waitedMs(now)
    const upstream_age_ms = upstream === null ? null : Math.max(upstream, waited)
    this.tell(JSON.stringify({ beat: { ...beat, upstream_age_ms } }))
  }

  /** Sends a message that is no batch, if the shard hears us. */
  tell(text: string): void {
    if (this.#state.kind !== 'open') return
    const { ws } = this.#state
    // Whoever reads nothing is not told more and more: the next connection begins anew.
    if (ws.bufferedAmount > UNREAD_BYTES) ws.terminate()
    else ws.send(text)
  }

  /** Sends what waits, and closes. */
  stop(): void {
    this.#send()
    const before = this.#state
    this.#state = { kind: 'stopped' }
    this.#callOff?.()
    if (before.kind === 'waiting') clearTimeout(before.timer)
    else if (before.kind !== 'stopped') before.ws.close(1000)
  }

  #connect(): LinkState {
    const { address, token, hello } = this.#options
    const ws = new WebSocket(`${address}${hello.shard}`, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      followRedirects: false,
      handshakeTimeout: 10_000,
      maxPayload: FEED_MESSAGE_BYTES,
    })
    ws.on('open', () => ws.send(JSON.stringify({ hello: { v: FEED_VERSION, ...hello } })))
    ws.on('message', (data) => this.#hear(ws, String(data)))
    ws.on('error', () => ws.terminate())
    ws.on('close', (code, reason) => this.#closed(code, String(reason)))
    return { kind: 'greeting', ws }
  }

  #hear(ws: WebSocket, text: string): void {
    const message = parse(text)
    if (message === null) {
      logEvent('feed_unreadable', { shard: this.#options.hello.shard })
      ws.terminate()
      return
    }
    const { outbox } = this.#options
    if ('ack' in message) this.#unacked.delete(message.ack)
    else if ('watch' in message) {
      if (this.#state.kind === 'greeting') this.#opened(ws)
      outbox.watch(message.watch as Ticker[])
    } else if ('unwatch' in message) outbox.unwatch(message.unwatch as Ticker[])
    else if ('need' in message) {
      for (const { m, have } of message.need) outbox.need(m as Ticker, have as Seq | null)
    } else for (const { m, ref } of message.peek) outbox.peek(m as Ticker, ref)
    if (!outbox.empty) this.wake()
  }

  #opened(ws: WebSocket): void {
    this.#state = { kind: 'open', ws }
    this.#attempt = 0
    this.#unacked = new Map()
    this.#options.outbox.clear()
    logEvent('feed_open', { shard: this.#options.hello.shard })
    for (const text of this.#options.opening?.() ?? []) ws.send(text)
  }

  #send(): void {
    if (this.#state.kind !== 'open') return
    const items = this.#options.outbox.take(Date.now())
    if (items === null) return
    this.#batch += 1
    this.#unacked.set(this.#batch, Date.now())
    this.#state.ws.send(`{"n":${this.#batch},"items":${items}}`)
    if (!this.#options.outbox.empty) this.wake()
  }

  #closed(code: number, reason: string): void {
    if (this.#state.kind === 'stopped') return
    this.#callOff?.()
    this.#callOff = null
    // Nobody is owed anything: the next connection begins with images.
    this.#options.outbox.clear()
    logEvent('feed_lost', { shard: this.#options.hello.shard, code })
    if (code === FEED_CLOSE.superseded) this.#options.superseded(Number(reason))
    const timer = setTimeout(
      () => {
        this.#state = this.#connect()
      },
      backoffMs(this.#attempt, Math.random()),
    )
    this.#state = { kind: 'waiting', timer }
    this.#attempt += 1
  }
}

function parse(text: string) {
  try {
    const result = fromShard.safeParse(JSON.parse(text))
    return result.success ? result.data : null
  } catch {
    return null
  }
}
