import { expect } from 'vitest'
import { LiveBook } from '#core/live-book'
import type { BookRecord } from '#core/log'
import { type ServerMessage, serverMessage } from '#core/wire/stream'
import { type SubscribeCommand, streamCommand } from '#core/wire/stream-command'

type Say = (message: ServerMessage) => void
type Connection = {
  readonly say: Say
  readonly following: Set<string>
  readonly channels: Set<string>
  last: number
}

/** The server side of a stream as wire §3 has it, without depth and conflation; each message is checked against its schema. */
export class StreamServer {
  readonly books = new Map<string, LiveBook>()
  readonly #connections = new Set<Connection>()
  /** What clients said, in order. */
  readonly heard: unknown[] = []

  constructor(markets: readonly string[]) {
    for (const market of markets) this.books.set(market, new LiveBook(market, 'active'))
  }

  /** The exchange says something of a market. */
  publish(market: string, records: readonly BookRecord[]): void {
    const live = this.books.get(market)
    if (live === undefined) throw new Error(`no market ${market}`)
    const first = live.seq === null
    const { messages, need } = live.take(records, null, 1)
    expect(need).toBe(false)
    const told = first ? live.start('initial') : messages
    for (const each of this.#connections) {
      if (each.following.has(market)) for (const message of told) each.say(message)
    }
  }

  /** Says something to everybody. */
  say(message: ServerMessage): void {
    for (const { say } of this.#connections) say(message)
  }

  beat(feed: 'healthy' | 'degraded' | 'down' = 'healthy'): void {
    for (const { say, following } of this.#connections) {
      const books: Record<string, number> = {}
      for (const market of following) {
        const seq = this.books.get(market)?.seq ?? null
        if (seq !== null) books[market] = seq
      }
      say({ type: 'heartbeat', feed, upstream_age_ms: 5, books })
    }
  }

  /** A client connects. @returns what hears the client, and what to call when it is gone */
  connect(say: Say, only: string | null = null) {
    const connection: Connection = {
      say: (message) => say(serverMessage.parse(message)),
      following: new Set(),
      channels: new Set(),
      last: 0,
    }
    this.#connections.add(connection)
    const limits = { connections: 1, markets: 10 }
    connection.say({ type: 'welcome', plan: 'pro', limits, server_us: 1_795_280_400_000_000 })
    return {
      hear: (text: string) => this.#hear(connection, text, only),
      gone: () => this.#connections.delete(connection),
    }
  }

  #hear(connection: Connection, text: string, only: string | null): void {
    const command = streamCommand.parse(JSON.parse(text))
    this.heard.push(JSON.parse(text))
    switch (command.op) {
      case 'ping':
        connection.say({ type: 'pong' })
        break
      case 'unsubscribe':
        connection.say({ type: 'unsubscribed', sub: command.sub })
        break
      case 'resync':
        for (const message of this.books.get(command.market)?.start('resync') ?? []) {
          connection.say(message)
        }
        break
      case 'subscribe':
        this.#subscribe(connection, command, only)
    }
  }

  #subscribe(connection: Connection, command: SubscribeCommand, only: string | null): void {
    connection.last += 1
    const sub = connection.last
    const id = command.id === undefined ? {} : { id: command.id }
    const all = command.all || command.series.length > 0 || command.events.length > 0
    const asked = only === null ? (all ? [...this.books.keys()] : command.markets) : [only]
    const markets = asked.filter((market) => this.books.has(market))
    const rejected = asked
      .filter((market) => !this.books.has(market))
      .map((market) => ({ market, code: 'not_found' }))
    connection.say({ type: 'subscribed', ...id, sub, accepted: markets.length, rejected })
    for (const channel of command.channels) connection.channels.add(channel)
    for (const market of command.channels.includes('book') ? markets : []) {
      const live = this.books.get(market)
      if (live === undefined || connection.following.has(market)) continue
      connection.following.add(market)
      if (live.seq === null) continue
      const have = command.resume?.[market]
      const { ahead, messages } =
        have === undefined ? { ahead: false, messages: live.start('initial') } : live.resume(have)
      if (ahead) {
        const message = 'resume: this market has not come so far'
        connection.say({ type: 'error', code: 'resume_ahead', message, market })
      }
      for (const message of messages) connection.say(message)
    }
    connection.say({ type: 'ready', sub })
  }
}
