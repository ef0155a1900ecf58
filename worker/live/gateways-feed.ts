import type { Ticker } from '#core/ticker'
import type { BookFeed } from './book-feed.ts'
import type { CollectorLink } from './collector-link.ts'
import { type GatewaySocket, type GatewaySockets, readGatewayMessage } from './gateway-sockets.ts'
import type { Watchers } from './watchers.ts'

type Wanted = readonly (readonly [market: string, have: number | null])[]

/** What a shard does for the Gateways that follow its markets. */
export class GatewaysFeed {
  readonly #sockets: GatewaySockets
  readonly #watchers: Watchers
  readonly #collector: CollectorLink
  readonly #books: BookFeed

  constructor(
    sockets: GatewaySockets,
    watchers: Watchers,
    collector: CollectorLink,
    books: BookFeed,
  ) {
    this.#sockets = sockets
    this.#watchers = watchers
    this.#collector = collector
    this.#books = books
  }

  /** A Gateway opened a socket; an account has one Gateway, so that the one before is over. */
  open(socket: WebSocket, request: Request): void {
    const { opened, before } = this.#sockets.open(socket, request)
    if (before !== null) {
      this.closed(before)
      this.#sockets.close(before, 'replaced')
    }
    if (this.#collector.socket !== null) this.#sockets.say(opened, { collector: 'new' })
    this.#sockets.say(opened, this.#beat())
  }

  /** Takes what a socket said, if it is a Gateway's. */
  hear(socket: WebSocket, raw: string | ArrayBuffer): boolean {
    const gateway = this.#sockets.of(socket)
    if (gateway === null) return false
    const message = readGatewayMessage(raw)
    if (message === null) {
      this.closed(socket)
      this.#sockets.close(socket, 'unreadable')
    } else if ('watch' in message) this.#watch(gateway, message.watch)
    else if ('need' in message) this.#need(gateway, message.need)
    else this.#unfollow(this.#watchers.undeclare(gateway.id, message.unwatch as Ticker[]))
    return true
  }

  /** A socket is gone, and if it was a Gateway's, what it followed with it. */
  closed(socket: WebSocket): boolean {
    const gateway = this.#sockets.of(socket)
    if (gateway === null) return false
    this.#sockets.forget(socket)
    this.#unfollow(this.#watchers.forget(gateway.id))
    return true
  }

  /** Tells every Gateway how the feed does. What those that were cut off followed comes to an end. */
  beat(): void {
    this.#sockets.sayAll(this.#beat())
    for (const socket of this.#sockets.cut) this.closed(socket)
  }

  #watch(gateway: GatewaySocket, wanted: Wanted): void {
    const markets = wanted.map(([market]) => market as Ticker)
    const { added, known, refused } = this.#watchers.declare(gateway.id, gateway.paid, markets)
    if (refused.length > 0) this.#sockets.say(gateway, { refused: [...refused] })
    this.#books.begin(added)
    const follows = new Set<string>(known)
    this.#need(
      gateway,
      wanted.filter(([market]) => follows.has(market)),
    )
    // A watch of nothing asks whether we live.
    const isAsked = wanted.length === 0 || this.#collector.socket === null
    if (isAsked) this.#sockets.say(gateway, this.#beat())
  }

  /** Asks for what a Gateway lacks of the markets that it follows. */
  #need(gateway: GatewaySocket, wanted: Wanted): void {
    const need = wanted
      .filter(([m]) => this.#watchers.gatewaysOf(m as Ticker)?.has(gateway.id))
      .map(([m, have]) => ({ m, have }))
    if (need.length > 0) this.#collector.say({ need })
  }

  #unfollow(unwatch: Ticker[]): void {
    if (unwatch.length > 0) this.#collector.say({ unwatch })
  }

  #beat() {
    const upstream_age_ms = this.#collector.health.last?.upstream_age_ms ?? null
    return { beat: { feed: this.#collector.word(), upstream_age_ms } }
  }
}
