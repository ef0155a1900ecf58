import { Backoff } from '#core/backoff'
import type { FeedWord } from '#core/feed-health'
import type { WireListing } from '#core/wire/directory'
import type { FeedItem } from '#core/wire/feed'
import { type FromGateway, GATEWAY_MARKETS, toGateway } from '#core/wire/gateway-feed'
import type { WireTradeHole } from '#core/wire/trade-hole'

/** What a link tells its owner. */
export type LinkEvents = {
  /** The markets that are followed on this shard, each with the seq that we have: asked at every opening. */
  readonly declared: () => [string, number | null][]
  readonly items: (items: readonly FeedItem[]) => void
  readonly directory: (listings: readonly WireListing[]) => void
  /** Trades of an interval did not come, or did not come yet. */
  readonly hole: (hole: WireTradeHole) => void
  /** The directory may have missed something. */
  readonly anew: () => void
  /** The state of the feed in one word is another one now. */
  readonly word: () => void
  readonly refused: (markets: readonly string[]) => void
}

/** A link that lasted so long was a healthy one, ms. */
const HEALTHY_MS = 60_000
/** Trades that came within this before a cut (ms) may have been lost with what was on its way. */
const ON_ITS_WAY_MS = 1000
/** After so many beats since it was declared a market is watched by the collector for sure. */
const WATCHED_BEATS = 2

/** The socket from a Gateway to one shard: opened again whenever it is cut. */
export class ShardLink {
  readonly #connect: () => Promise<WebSocket>
  readonly #events: LinkEvents
  readonly #backoff = new Backoff(HEALTHY_MS)
  #socket: WebSocket | null = null
  #timer: ReturnType<typeof setTimeout> | null = null
  #openedMs = 0
  #heardMs = Date.now()
  /** Whether it was asked for a beat since it was heard. */
  #isAsked = false
  /** Beats since the link was opened or another collector came. */
  #beats = 0
  #holeUs: number | null
  /** Since when, as the collector says, trades do not come from the exchange. */
  #toldHoleUs: number | null = null
  #closed = false
  word: FeedWord = 'degraded'
  upstreamAgeMs: number | null = null

  /** @param sinceUs since when trades may have been missed already, µs; null for none */
  constructor(connect: () => Promise<WebSocket>, events: LinkEvents, sinceUs: number | null) {
    this.#connect = connect
    this.#events = events
    this.#holeUs = sinceUs
    void this.#open()
  }

  /** Since when trades may be missing, µs; null while none are. */
  get holeUs(): number | null {
    const [ours, theirs] = [this.#holeUs, this.#toldHoleUs]
    return ours === null || theirs === null ? (ours ?? theirs) : Math.min(ours, theirs)
  }

  /** Says something to the shard; lost while the link is cut, as all is declared anew when it opens. */
  tell(message: FromGateway): void {
    try {
      this.#socket?.send(JSON.stringify(message))
    } catch {
      // Its close is on its way.
    }
  }

  /**
   * A shard of which nothing was heard for so long is taken for cut. One without a collector does not beat: after half of it
   * a watch of nothing asks for a beat.
   */
  check(silentMs: number): void {
    if (this.#socket === null) return
    const silent = Date.now() - this.#heardMs
    if (silent > silentMs) this.#cut(this.#socket)
    else if (silent > silentMs / 2 && this.word === 'down' && !this.#isAsked) {
      this.#isAsked = true
      this.tell({ watch: [] })
    }
  }

  /** Connects anew. */
  reopen(): void {
    if (this.#socket !== null) this.#cut(this.#socket)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer ?? undefined)
    hangUp(this.#socket)
    this.#socket = null
  }

  async #open(): Promise<void> {
    this.#timer = null
    let socket: WebSocket
    try {
      socket = await this.#connect()
    } catch {
      return this.#later()
    }
    if (this.#closed) return hangUp(socket)
    this.#socket = socket
    this.#openedMs = Date.now()
    this.#heardMs = Date.now()
    this.#isAsked = false
    this.#beats = 0
    socket.addEventListener('message', ({ data }) => this.#hear(socket, data))
    socket.addEventListener('close', () => this.#cut(socket))
    socket.addEventListener('error', () => this.#cut(socket))
    const declared = this.#events.declared()
    for (let at = 0; at < declared.length; at += GATEWAY_MARKETS) {
      this.tell({ watch: declared.slice(at, at + GATEWAY_MARKETS) })
    }
  }

  #cut(socket: WebSocket): void {
    if (this.#closed || socket !== this.#socket) return
    this.#socket = null
    hangUp(socket)
    this.#backoff.lost(Date.now() - this.#openedMs)
    this.#loseTrades()
    this.#setWord('down', null)
    this.#later()
  }

  #later(): void {
    if (this.#closed || this.#timer !== null) return
    this.#setWord('down', null)
    this.#timer = setTimeout(() => void this.#open(), this.#backoff.next(Math.random()))
  }

  #hear(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket || typeof data !== 'string') return
    const { data: message } = toGateway.safeParse(JSON.parse(data))
    if (message === undefined) {
      this.#cut(socket)
      return
    }
    if ('collector' in message) {
      // The first word of a link that finds a collector is no loss of what came by it.
      if (this.#beats > 0) this.#loseTrades()
      this.#toldHoleUs = null
      this.#beats = 0
      this.#events.anew()
    }
    this.#heardMs = Date.now()
    this.#isAsked = false
    if ('items' in message) this.#events.items(message.items)
    else if ('directory' in message) this.#events.directory(message.directory)
    else if ('hole' in message) {
      this.#toldHoleUs = message.hole.to_us === null ? message.hole.from_us : null
      this.#events.hole(message.hole)
    } else if ('refused' in message) this.#events.refused(message.refused)
    else if ('beat' in message) this.#beat(message.beat.feed, message.beat.upstream_age_ms)
  }

  #beat(feed: FeedWord, upstreamAgeMs: number | null): void {
    this.#setWord(feed, upstreamAgeMs)
    if (feed === 'down') {
      this.#loseTrades()
      this.#beats = 0
      return
    }
    this.#beats += 1
    if (this.#holeUs === null || this.#beats < WATCHED_BEATS) return
    this.#events.hole({ from_us: this.#holeUs, to_us: Date.now() * 1000 })
    this.#holeUs = null
  }

  #loseTrades(): void {
    if (this.#holeUs !== null) return
    this.#holeUs = (this.#heardMs - ON_ITS_WAY_MS) * 1000
    this.#events.hole({ from_us: this.#holeUs, to_us: null })
  }

  #setWord(word: FeedWord, upstreamAgeMs: number | null): void {
    this.upstreamAgeMs = upstreamAgeMs
    if (word === this.word) return
    this.word = word
    this.#events.word()
  }
}

function hangUp(socket: WebSocket | null): void {
  try {
    socket?.close(1000)
  } catch {
    // Closed meanwhile.
  }
}
