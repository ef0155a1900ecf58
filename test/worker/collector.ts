import { expect } from 'vitest'
import { type Epoch, seqOf } from '#core/log'
import type { FeedHello, FeedItem } from '#core/wire/feed'
import type { WireRecord } from '#core/wire/record'
import type { WireTrade } from '#core/wire/trade'
import { openSocket, type TestSocket } from './socket.ts'

const TOKEN = 'the-feed-token-of-tests'
const BEAT_MS = 100

export function feedSocket(shard: string | number = 0, token = TOKEN): Promise<TestSocket> {
  return openSocket(`/internal/feed/${shard}`, { Authorization: `Bearer ${token}` })
}

export function helloOf(epoch: number, more: Partial<FeedHello> = {}): { hello: object } {
  return { hello: { v: 1, env: 'test', epoch, lease: 'lease', shard: 0, shards: 1, ...more } }
}

/** A book as a test keeps it: the image that the collector would send. */
type Book = { seq: number; yes: [string, string][]; no: [string, string][]; gap?: WireRecord }

/** A collector that beats, answers watches, needs and peeks with images, and sends what a test says. */
export class TestCollector {
  readonly books = new Map<string, Book>()
  readonly #epoch: number
  #socket: TestSocket | null = null
  #beats: ReturnType<typeof setInterval> | null = null
  #batch = 0
  /** Set to false, it answers nothing. */
  answers = true
  upstreamAgeMs: number | null = 5

  constructor(epoch: number) {
    this.#epoch = epoch
  }

  get socket(): TestSocket {
    if (this.#socket === null) throw new Error('not connected')
    return this.#socket
  }

  seq(n: number): number {
    return seqOf(this.#epoch as Epoch, n)
  }

  /** Greets and waits until it was accepted. */
  async connect(): Promise<void> {
    const headers = { Authorization: `Bearer ${TOKEN}` }
    const socket = await openSocket('/internal/feed/0', headers, (message) => {
      if (!this.answers) return
      const { watch, need, peek } = message as {
        watch?: string[]
        need?: { m: string }[]
        peek?: { m: string; ref: number }[]
      }
      for (const m of [...(watch ?? []), ...(need ?? []).map((each) => each.m)]) this.sendBook(m)
      for (const { m, ref } of peek ?? []) this.sendBook(m, ref)
    })
    this.#socket = socket
    socket.send(helloOf(this.#epoch))
    expect(await socket.next()).toHaveProperty('watch')
    this.beat()
    this.#beats = setInterval(() => this.beat(), BEAT_MS)
  }

  /** A market with one bid, known at record `n`. */
  known(market: string, n = 0): void {
    this.books.set(market, { seq: this.seq(n), yes: [['0.4000', '5.00']], no: [] })
  }

  beat(): void {
    this.socket.send({
      beat: {
        sent_us: Date.now() * 1000,
        upstream_age_ms: this.upstreamAgeMs,
        lag_p50_ms: 1,
        lag_p99_ms: 2,
        stale: 0,
        gaps: 0,
      },
    })
  }

  fallSilent(): void {
    clearInterval(this.#beats ?? undefined)
  }

  /** Cut off, as if its machine had gone. */
  disconnect(): void {
    this.fallSilent()
    this.socket.close()
  }

  /** @param ref the question of a peek, which is answered without a book too */
  sendBook(market: string, ref?: number): void {
    const book = this.books.get(market)
    const question = ref === undefined ? {} : { ref }
    if (book === undefined) {
      if (ref !== undefined) this.send([{ m: market, ref }])
      return
    }
    const { gap, ...levels } = book
    const image = { ...levels, event_us: null, recv_us: Date.now() * 1000 }
    this.send([{ m: market, ...question, ...(gap ? { records: [gap] } : { image }) }])
  }

  /** @returns the batch's number, by which it is acknowledged */
  send(items: FeedItem[]): number {
    this.#batch += 1
    this.socket.send({ n: this.#batch, items })
    return this.#batch
  }

  /** Adds one contract to the bid, `times` times, in one batch. */
  add(market: string, times = 1): void {
    this.send([this.more(market, times)])
  }

  /** As `add`, to be sent with others. */
  more(market: string, times = 1): FeedItem {
    const book = this.books.get(market)
    const bid = book?.yes[0]
    if (book === undefined || bid === undefined) throw new Error(`no book of ${market}`)
    const records: WireRecord[] = []
    for (let i = 0; i < times; i++) {
      book.seq += 1
      bid[1] = `${(Number(bid[1]) + 1).toFixed(2)}`
      records.push(deltaOf(book.seq, '1.00', bid[1]))
    }
    return { m: market, records }
  }
}

export function deltaOf(seq: number, change: string, size: string): WireRecord {
  const recv_us = Date.now() * 1000
  return { type: 'delta', seq, side: 'yes', price: '0.4000', change, size, event_us: null, recv_us }
}

export function gapOf(seq: number, prev_seq: number | null): WireRecord {
  const recv_us = Date.now() * 1000
  const from_us = recv_us - 1000
  const cause = 'cut'
  return { type: 'gap', seq, cause, from_us, to_us: null, prev_seq, event_us: null, recv_us }
}

export function snapshotOf(seq: number, size: string): WireRecord {
  const recv_us = Date.now() * 1000
  const yes: [string, string][] = [['0.4000', size]]
  return { type: 'snapshot', seq, reason: 'gap', yes, no: [], event_us: null, recv_us }
}

let trades = 0

/** A trade of a market, received now, with an id of its own. */
export function tradeOf(market: string): WireTrade {
  const now = Date.now() * 1000
  trades += 1
  const trade = { type: 'trade', trade_id: `${trades}`, market, price: '0.4000' } as const
  const rest = { size: '1.00', taker: 'yes', block: false, source: 'stream' } as const
  return { ...trade, ...rest, event_us: now, recv_us: now }
}
