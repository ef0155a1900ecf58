import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { LiveBook } from '#core/live-book'
import { type FeedItem, type FromCollector, type FromShard, fromCollector } from '#core/wire/feed'
import { readItem } from '#core/wire/feed-item'
import { until } from '../until.ts'

/** A shard that does what a test says, behind a real socket, and notes all that it is told. */
export class ScriptedShard {
  readonly #server: WebSocketServer
  #socket: WebSocket | null = null
  readonly told: FromCollector[] = []
  /** Characters of each message that it was told. */
  readonly sizes: number[] = []
  /** The books that it keeps, by the reader's rule; it asks for what one of them needs. */
  readonly books = new Map<string, LiveBook>()
  needs = 0
  greetings = 0
  /** What it says that it watches when it is greeted. */
  watched: string[] = []
  /** Set to false, it acknowledges nothing. */
  acks = true

  constructor(server: WebSocketServer) {
    this.#server = server
    server.on('connection', (socket) => {
      this.#socket = socket
      socket.on('message', (data) => this.#hear(String(data)))
    })
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  say(...messages: readonly FromShard[]): void {
    for (const message of messages) this.#socket?.send(JSON.stringify(message))
  }

  /** Items that it was told, those of a market if one is named. */
  items(market?: string): FeedItem[] {
    const items = this.told.flatMap((message) => ('items' in message ? message.items : []))
    return market === undefined ? items : items.filter(({ m }) => m === market)
  }

  listings() {
    return this.told.flatMap((message) => ('directory' in message ? message.directory : []))
  }

  holes() {
    return this.told.flatMap((message) => ('hole' in message ? [message.hole] : []))
  }

  /** Waits until an item is of this kind. */
  item(what: string, so: (item: FeedItem) => boolean): Promise<void> {
    return until(what, () => this.items().some(so))
  }

  cut(): void {
    this.#socket?.terminate()
  }

  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #hear(text: string): void {
    const message = fromCollector.parse(JSON.parse(text))
    this.told.push(message)
    this.sizes.push(text.length)
    if ('hello' in message) {
      this.greetings += 1
      this.say({ watch: this.watched })
    }
    if (!('items' in message)) return
    if (this.acks) this.say({ ack: message.n })
    for (const item of message.items) if (item.ref === undefined) this.#take(item)
  }

  #take(item: FeedItem): void {
    const live = this.books.get(item.m) ?? new LiveBook(item.m, 'active')
    this.books.set(item.m, live)
    const entries = readItem(item)
    if (entries === null || live.take(entries, item.sum ?? null, 1).need) {
      this.needs += 1
      this.say({ need: [{ m: item.m, have: live.seq }] })
    }
  }
}

/** Starts a shard on a free port. */
export async function startShard(): Promise<ScriptedShard> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  return new ScriptedShard(server)
}
