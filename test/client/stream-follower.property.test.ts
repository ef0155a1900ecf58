import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fullChecksum } from '#core/checksum'
import type { ServerMessage } from '#core/wire/stream'
import { StreamFollower } from '../../client/stream-follower.ts'
import { must } from '../core/arbitraries.ts'
import { happeningsWithEnds, type Written, write } from '../core/random-log.ts'
import { StreamServer } from './stream-server.ts'

const MARKETS = ['KXA-1', 'KXB-2']

/** What happens to a message on its way. */
const FATES = ['lost', 'twice', 'sum', 'size', 'more', 'garbage'] as const
type Fate = (typeof FATES)[number] | null

const steps = fc.array(
  fc.record({
    market: fc.nat(MARKETS.length - 1),
    size: fc.integer({ min: 1, max: 4 }),
    /** Of the next messages, each. */
    fates: fc.oneof(
      { weight: 3, arbitrary: fc.constant<Fate[]>([]) },
      { weight: 2, arbitrary: fc.array(fc.constantFrom<Fate>(null, ...FATES), { maxLength: 3 }) },
    ),
    also: fc.oneof(
      { weight: 6, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom('cut', 'resync') },
    ),
    /** After a cut, so many more steps come before the client is back. */
    away: fc.nat(3),
    beat: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  }),
  { minLength: 5, maxLength: 40, size: 'max' },
)

/** A line between the two on which each fate can be met. */
class Line {
  readonly server: StreamServer
  readonly client: StreamFollower
  readonly truth = new Map<string, Map<number, number | null>>()
  fates: Fate[] = []
  #now = 0
  #connection: ReturnType<StreamServer['connect']> | null = null
  #arriving: string[] = []

  constructor(server: StreamServer, client: StreamFollower) {
    this.server = server
    this.client = client
  }

  get connected(): boolean {
    return this.#connection !== null
  }

  connect(): void {
    this.#arriving = []
    this.#connection = this.server.connect((message) => this.#send(message))
    this.client.connected(this.#now)
    this.settle()
  }

  cut(): void {
    this.#connection?.gone()
    this.#connection = null
    this.client.disconnected('disconnected', 1)
  }

  /** Delivers all that is under way, both ways. */
  settle(): void {
    for (;;) {
      const arrived = this.#arriving.splice(0)
      for (const text of arrived) {
        const events = this.client.hear(JSON.parse(text) as ServerMessage, this.#now)
        for (const event of events) if (event.type === 'changes') this.#follows(event.seq)
        this.#look()
      }
      this.#now += 1000
      const said = this.client.outbox.take(this.#now)
      for (const command of said) this.#connection?.hear(JSON.stringify(command))
      if (arrived.length === 0 && said.length === 0) return
    }
  }

  /** So much time goes by that what did not come is asked for again. */
  wait(): void {
    this.#now += 10_000
    this.client.tick(this.#now)
    this.settle()
  }

  #follows([from, to]: readonly [number, number]): void {
    expect(to).toBeGreaterThanOrEqual(from)
  }

  #send(message: ServerMessage): void {
    const about = message.type === 'deltas' || message.type === 'snapshot'
    const told = about ? damaged(message, this.fates.shift() ?? null) : [message]
    for (const each of told) this.#arriving.push(JSON.stringify(each))
  }

  /** A book that is not called stale is exactly what was true at its seq. */
  #look(): void {
    for (const [market, book] of this.client.books) {
      if (book.stale || book.seq === null) continue
      const known = must(this.truth.get(market))
      expect(known.has(book.seq)).toBe(true)
      const ladders = book.ladders()
      expect(ladders && fullChecksum(ladders)).toBe(known.get(book.seq) ?? null)
    }
  }
}

function damaged(
  message: Extract<ServerMessage, { type: 'deltas' | 'snapshot' }>,
  fate: Fate,
): object[] {
  switch (fate) {
    case 'lost':
      return []
    case 'twice':
      return [message, message]
    case 'sum':
      return [{ ...message, checksum: message.checksum ^ 1 }]
    case 'size': {
      if (message.type === 'snapshot') return [{ ...message, yes: [['0.5000', '0.01']], no: [] }]
      const d = message.d.map(([side, price, change, size, event, recv]) => {
        return [side, price, change, `1${size}`, event, recv]
      })
      return [{ ...message, d }]
    }
    case 'more': {
      if (message.type === 'snapshot') return [{ ...message, yes: message.yes.slice(1) }]
      const d = message.d.map(([side, price, change, size, event, recv]) => {
        return [side, price, oneMore(change), oneMore(size), event, recv]
      })
      return [{ ...message, d }]
    }
    case 'garbage':
      if (message.type === 'snapshot') return [{ ...message, yes: [['1.5000', '1.00']] }]
      return [{ ...message, d: message.d.map((row) => ['yes', '7', ...row.slice(2)]) }]
    default:
      return [message]
  }
}

function oneMore(size: string | null): string {
  return (Number(size) + 1).toFixed(2)
}

function sumOf({ record, truth, image }: Written): number | null {
  if (truth === null) return null
  if (image !== null) return fullChecksum(image)
  return record.kind === 'snapshot' ? fullChecksum(record) : null
}

test('cut, cheated and left behind at random, each book that is not stale is right, and in the end all are', () => {
  fc.assert(
    fc.property(happeningsWithEnds, happeningsWithEnds, steps, (one, other, all) => {
      const written = [write(one), write(other)]
      const server = new StreamServer(MARKETS)
      const client = new StreamFollower(null)
      const line = new Line(server, client)
      MARKETS.forEach((market, i) => {
        const sums = new Map<number, number | null>()
        // An end keeps the book that was before it.
        let sum: number | null = null
        for (const each of must(written[i])) {
          if (each.record.kind !== 'end') sum = sumOf(each)
          sums.set(each.record.seq, sum)
        }
        line.truth.set(market, sums)
      })
      client.subscribe({ markets: MARKETS })
      line.connect()
      let away = 0
      for (const { market, size, fates, also, away: gone, beat } of all) {
        if (also === 'cut') {
          line.cut()
          away = gone
        } else if (also === 'resync') client.resync(must(MARKETS[market]), 0)
        line.fates = [...fates]
        const batch = must(written[market]).splice(0, size)
        const records = batch.map(({ record }) => record)
        if (records.length > 0) server.publish(must(MARKETS[market]), records)
        if (!line.connected && away-- <= 0) line.connect()
        if (beat) server.beat()
        line.settle()
      }
      line.fates = []
      if (!line.connected) line.connect()
      // What was lost last is found by the beat; what was answered wrongly is asked for again.
      server.beat()
      line.settle()
      line.wait()
      line.wait()
      for (const [market, live] of server.books) {
        const book = client.books.get(market)
        if (live.seq === null) {
          expect(book).toBeUndefined()
          continue
        }
        expect(book).toMatchObject({ seq: live.seq, kind: live.state.kind, stale: false })
        const { state } = live
        const truth = state.kind === 'known' || state.kind === 'closed' ? state.book : null
        const ladders = must(book).ladders()
        expect(ladders && fullChecksum(ladders)).toBe(truth && fullChecksum(truth.ladders()))
      }
      expect(client.healthy).toBe(true)
    }),
    { numRuns: 300 },
  )
})
