import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ingest, type Ingested, type MarketRecord } from '#core/ingest'
import type { Frame } from '#core/kalshi/decode'
import type { Ladders, Level } from '#core/log'
import { MarketLog } from '#core/market-log'
import { Owners } from '#core/owners'
import { asPrice } from '#core/price'
import { Reader } from '#core/reader'
import { asSize, type SizeChange } from '#core/size'
import type { Ticker } from '#core/ticker'
import { anySide, epoch, fewPrices, must, ticker, us } from './arbitraries.ts'
import { type PlainBook, plain } from './plain-book.ts'

const MARKETS = ['KXA', 'KXB-1.5', 'KXC', 'KXD'].map(ticker)
const CONNECTIONS = [0, 1]

const anyMarket = fc.constantFrom(...MARKETS)
const anyConnection = fc.constantFrom(...CONNECTIONS)
const happening = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('delta' as const),
      market: anyMarket,
      side: anySide,
      price: fewPrices,
      change: fc.integer({ min: -300, max: 300 }),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant('deliver' as const), on: anyConnection }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      market: anyMarket,
      to: anyConnection,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), on: anyConnection }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), on: anyConnection }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), on: anyConnection }) },
)
type Happening = typeof happening extends fc.Arbitrary<infer H> ? H : never

/** One subscription at the exchange, and the frames of it that are on their way to us. */
type Line = { sid: number; seq: number; readonly markets: Set<Ticker>; way: Frame[] }

/** An exchange and a collector with two connections, whose frames arrive in order, but not at the same time. */
class Rig {
  readonly owners = new Owners()
  readonly readers = new Map(MARKETS.map((market) => [market, new Reader()]))
  readonly truth = new Map(MARKETS.map((market) => [market, new Map<string, number>()]))
  readonly count = { moved: 0, exchange: 0, gaps: 0 }
  readonly #lines: Line[] = []
  readonly #ingests: Ingest[] = []
  #sid = 0
  #now = 1000

  constructor() {
    MARKETS.forEach((market, i) => {
      const log = new MarketLog(epoch(8), null)
      this.owners.aim(this.owners.follow(market, log), i % CONNECTIONS.length)
    })
    for (const connection of CONNECTIONS) this.connect(connection)
  }

  happen(one: Happening): void {
    switch (one.kind) {
      case 'delta':
        this.#change(one)
        break
      case 'deliver':
        this.deliver(one.on)
        break
      case 'move':
        this.#move(one.market, one.to)
        break
      case 'drop':
        this.#drop(one.on)
        break
      case 'cut':
        this.#take(must(this.#ingests[one.on]).lose('cut', this.#tick()))
        this.connect(one.on)
        break
      case 'end':
        this.#say(one.on, { kind: 'error', id: null, code: 25, message: 'x' })
        break
    }
  }

  connect(connection: number): void {
    this.#ingests[connection] = new Ingest(this.owners, connection, this.#tick())
    this.subscribe(connection)
  }

  subscribe(connection: number): void {
    this.#sid += 1
    const sid = this.#sid
    this.#lines[connection] = { sid, seq: 0, markets: new Set(), way: [] }
    this.#line(connection).way.push({ kind: 'subscribed', id: 1, channel: 'orderbook_delta', sid })
    for (const { market, target } of this.owners.all()) {
      if (target === connection) this.#add(connection, market)
    }
  }

  /** Brings the oldest frame that is on its way. */
  deliver(connection: number): void {
    const frame = this.#line(connection).way.shift()
    if (frame === undefined) return
    const before = this.owned()
    const ingested = must(this.#ingests[connection]).frame(frame, this.#tick())
    this.#take(ingested.records)
    this.#obey(connection, ingested)
    // Nobody but the subscription that brought the frame has gained a market.
    for (const [market, owner] of this.owned()) {
      if (owner !== before.get(market) && owner !== null) expect(owner).toBe(connection)
    }
  }

  owned(): Map<Ticker, number | null> {
    return new Map(
      [...this.owners.all()].map(({ market, owner }) => [market, owner?.connection ?? null]),
    )
  }

  /** A frame on every connection shows what was lost before it, and books that did not come are asked for. */
  settle(): void {
    for (let round = 0; round < 4; round += 1) {
      for (const { market, log, target, owner } of this.owners.all()) {
        if (owner?.connection !== target || !log.known) this.#snapshot(must(target), market, 9)
      }
      for (const connection of CONNECTIONS) {
        this.#say(connection, { kind: 'ok', id: null })
        while (this.#line(connection).way.length > 0) this.deliver(connection)
      }
    }
  }

  #obey(connection: number, { moved, resync, ended, dead }: Ingested): void {
    if (dead !== null) throw new Error(dead)
    if (ended !== null) this.subscribe(connection)
    else if (resync !== null) {
      for (const market of resync.markets) this.#snapshot(connection, market, 7)
    }
    if (moved === null) return
    this.count.moved += 1
    this.#line(moved.from.connection).markets.delete(moved.market)
    this.#say(moved.from.connection, { kind: 'ok', id: null })
  }

  #move(market: Ticker, to: number): void {
    const followed = must(this.owners.get(market))
    if (followed.target === to) return
    this.owners.aim(followed, to)
    this.#add(to, market)
  }

  /** Without `subscribed` nothing would follow: that is for a clock to notice. */
  #drop(connection: number): void {
    const { way } = this.#line(connection)
    if (way[0]?.kind !== 'subscribed') way.shift()
  }

  #add(connection: number, market: Ticker): void {
    const line = this.#line(connection)
    this.#say(connection, { kind: 'ok', id: 2 })
    // A market that is in the subscription already is not shown again: it has to be asked for.
    this.#snapshot(connection, market, line.markets.has(market) ? 3 : null)
    line.markets.add(market)
  }

  #change({ market, side, price, change: wanted }: Extract<Happening, { kind: 'delta' }>): void {
    const book = must(this.truth.get(market))
    const key = `${side} ${price}`
    const change = Math.max(wanted, -(book.get(key) ?? 0)) as SizeChange
    const size = (book.get(key) ?? 0) + change
    if (size === 0) book.delete(key)
    else book.set(key, size)
    for (const connection of CONNECTIONS) {
      if (!this.#line(connection).markets.has(market)) continue
      this.#say(connection, { kind: 'delta', market, side, price, change, event: null })
    }
  }

  #snapshot(connection: number, market: Ticker, id: number | null): void {
    const shown = ladders(must(this.truth.get(market)))
    this.#say(connection, { kind: 'snapshot', id, market, ladders: shown })
  }

  #say(connection: number, body: object): void {
    const line = this.#line(connection)
    line.seq += 1
    line.way.push({ ...body, sid: line.sid, seq: line.seq } as Frame)
  }

  #take(records: readonly MarketRecord[]): void {
    for (const { market, record } of records) {
      if (record.kind === 'gap') this.count.gaps += 1
      if (record.kind === 'snapshot' && record.reason === 'exchange') this.count.exchange += 1
      expect(must(this.readers.get(market)).read(record)).toBe('taken')
    }
  }

  #line(connection: number): Line {
    return must(this.#lines[connection])
  }

  #tick() {
    this.#now += 2000
    return us(this.#now)
  }
}

function ladders(book: PlainBook): Ladders {
  const side = (name: string): Level[] =>
    [...book]
      .filter(([key]) => key.startsWith(`${name} `))
      .map(([key, size]) => [must(asPrice(Number(key.split(' ')[1]))), must(asSize(size))])
  return { yes: side('yes'), no: side('no') }
}

test('one owner: whenever markets move, logs are contiguous and each change is applied once', () => {
  const count = { moved: 0, exchange: 0, gaps: 0 }
  fc.assert(
    fc.property(fc.array(happening, { minLength: 5, maxLength: 120, size: 'max' }), (all) => {
      const rig = new Rig()
      for (const one of all) rig.happen(one)
      rig.settle()
      for (const { market, log, target, owner } of rig.owners.all()) {
        expect(owner?.connection).toBe(target)
        const { state } = must(rig.readers.get(market))
        expect(state.kind).toBe('known')
        if (state.kind !== 'known') continue
        expect(plain(state.book.ladders())).toEqual(rig.truth.get(market))
        expect(plain(must(log.image()))).toEqual(rig.truth.get(market))
      }
      count.moved += rig.count.moved
      count.exchange += rig.count.exchange
      count.gaps += rig.count.gaps
    }),
    { numRuns: 300 },
  )
  for (const times of Object.values(count)) expect(times).toBeGreaterThan(50)
})
