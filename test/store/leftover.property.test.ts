import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asOf } from '#core/as-of'
import type { Ticker } from '#core/ticker'
import { setLogLevel } from '../../collector/log-event.ts'
import { SealRecovery } from '../../collector/store/seal-recovery.ts'
import { historyAt } from '../../worker/store/book-history.ts'
import type { PlainBook } from '../core/plain-book.ts'
import { plainOf } from '../core/random-log.ts'
import { at, openStore, type Store } from './fixture.ts'
import { MemorySpool } from './memory-spool.ts'
import { SpooledCollector } from './spooled-collector.ts'

const MARKETS = ['KXA', 'KXB', 'KXC'] as Ticker[]
const PRICES = [10_000, 20_000, 30_000]
/** Between two things that happen, µs. */
const STEP = 1000

let store: Store
beforeAll(async () => {
  setLogLevel('silent')
  store = await openStore()
})
afterAll(() => store.stop())

type Action =
  /** Levels change: of which market, at which price, to which size. */
  | { readonly kind: 'trade'; readonly changes: readonly (readonly [number, number, number])[] }
  | { readonly kind: 'mark' | 'snapshots' | 'cut' | 'notice' | 'store' | 'seal' | 'check' }
  | { readonly kind: 'die'; readonly unwritten: number; readonly forgotten: number }
  | { readonly kind: 'start'; readonly which: 0 | 1; readonly batch: number }
  | { readonly kind: 'spoil'; readonly block: number }

const change = fc.tuple(fc.nat(2), fc.nat(2), fc.integer({ min: 0, max: 9 }))
const trade = fc.record({
  kind: fc.constant('trade' as const),
  changes: fc.array(change, { minLength: 1, maxLength: 6 }),
})
const simple = fc.record({
  kind: fc.constantFrom<'mark' | 'snapshots' | 'store'>('mark', 'snapshots', 'store'),
})
const rare = fc.record({
  kind: fc.constantFrom<'cut' | 'notice' | 'seal'>('cut', 'notice', 'seal'),
})
const die = fc.record({
  kind: fc.constant('die' as const),
  unwritten: fc.constantFrom(0, 0, 0, 1, 4),
  forgotten: fc.constantFrom(0, 0, 1, 3),
})
const start = fc.record({
  kind: fc.constant('start' as const),
  which: fc.constantFrom<0 | 1>(0, 1),
  batch: fc.constantFrom(1, 3, 1000),
})
const spoil = fc.record({ kind: fc.constant('spoil' as const), block: fc.nat(20) })
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: trade },
  { weight: 9, arbitrary: simple },
  { weight: 3, arbitrary: rare },
  { weight: 2, arbitrary: die },
  { weight: 4, arbitrary: start },
  { weight: 1, arbitrary: spoil },
)

/** One of the two collectors, as far as it lives. */
class Side {
  readonly spool = new MemorySpool()
  collector: SpooledCollector | null = null
  /** When it last heard the exchange, while it does not; null while it does. */
  deafSince: number | null = null
}

/** The exchange, two collectors that hear it at once or not at all, and one store. */
class World {
  readonly sides = [new Side(), new Side()] as const
  #random = 7
  readonly #books = MARKETS.map(() => new Map<string, number>())
  readonly #truth: { readonly us: number; readonly books: readonly PlainBook[] }[] = []
  /** Intervals in which somebody heard nothing and had not said so: the store cannot know them before the spool is drained. */
  readonly #deaf: { readonly from: number; to: number }[] = []
  #us = 0
  #holder: Side | null = null
  /** Books that were read, and those of them in an interval that a takeover first called unknown. */
  readonly seen = { books: 0, filled: 0, gaps: 0 }

  get us(): number {
    return this.#us
  }

  async act(action: Action): Promise<void> {
    this.#us += STEP
    switch (action.kind) {
      case 'trade':
        for (const each of action.changes) this.#trade(...each)
        return
      case 'mark':
        for (const { collector, deafSince } of this.sides) {
          collector?.mark(this.#us, deafSince ?? this.#us)
        }
        return
      case 'snapshots':
        for (const each of this.#deaf) each.to = Math.min(each.to, this.#us)
        for (const side of this.sides) this.#snapshots(side)
        return
      case 'cut':
        this.#deaf.push({ from: this.#us, to: Number.POSITIVE_INFINITY })
        for (const side of this.sides) side.deafSince ??= this.#us
        return
      case 'notice':
        for (const side of this.sides) this.#notice(side)
        return
      case 'store':
        await this.#holder?.collector?.store(5)
        return
      case 'seal':
        await this.#seal()
        return
      case 'die':
        for (const side of this.sides) this.#die(side, action.unwritten, action.forgotten)
        return
      case 'start':
        await this.#start(this.sides[action.which], action.batch)
        return
      case 'spoil':
        for (const { spool, collector } of this.sides) if (!collector) spool.spoil(action.block)
        return
      case 'check':
        await this.check(5)
    }
  }

  #trade(which: number, place: number, size: number): void {
    this.#us += STEP
    const [market, book] = [MARKETS[which], this.#books[which]]
    const price = PRICES[place] ?? 0
    if (market === undefined || book === undefined) return
    const change = size - (book.get(`yes ${price}`) ?? 0)
    if (change === 0) return
    if (size === 0) book.delete(`yes ${price}`)
    else book.set(`yes ${price}`, size)
    this.#truth.push({ us: this.#us, books: this.#books.map((each) => new Map(each)) })
    for (const { collector, deafSince } of this.sides) {
      if (deafSince === null && collector?.logs.get(market)?.known) {
        collector.delta(market, this.#us, price, change)
      }
    }
  }

  /** The exchange sends every book to whoever hears it, as it does after a connection was made. */
  #snapshots(side: Side): void {
    if (side.collector === null) return
    this.#notice(side)
    for (const [which, market] of MARKETS.entries()) {
      const levels = [...(this.#books[which] ?? [])].map(
        ([key, size]) => [Number(key.slice(4)), size] as const,
      )
      side.collector.snapshot(market, this.#us, levels)
    }
  }

  #notice(side: Side): void {
    const since = side.deafSince
    side.deafSince = null
    if (since === null) return
    for (const market of MARKETS) {
      if (side.collector?.logs.has(market)) side.collector.gap(market, this.#us, since)
    }
  }

  #die(side: Side, unwritten: number, forgotten: number): void {
    if (side.collector === null) return
    side.collector = null
    if (this.#holder === side) this.#holder = null
    side.spool.crash(unwritten, forgotten)
  }

  async #start(side: Side, batch: number): Promise<void> {
    this.#die(side, 0, 0)
    // What others read meanwhile must be right too.
    const watched = {
      append: side.spool.append.bind(side.spool),
      rewind: side.spool.rewind.bind(side.spool),
      drained: side.spool.drained.bind(side.spool),
      read: async (most: number) => {
        await this.check(1)
        return side.spool.read(most)
      },
    }
    side.deafSince = null
    side.collector = await SpooledCollector.start(store, watched, this.#us, batch)
    this.#holder = side
  }

  async #seal(): Promise<void> {
    const hold = this.#holder?.collector?.hold
    if (hold !== undefined) await new SealRecovery({ sql: store.collector, hold }).run()
  }

  /** Reads books of moments that are covered, and holds them against the truth. */
  async check(reads: number): Promise<void> {
    const rows = await store.reader`select id, ticker from kb.markets`
    for (let n = 0; n < reads; n++) {
      const row = rows[this.#below(rows.length)]
      if (row === undefined) return
      const us = this.#below(this.#us)
      if (this.#deaf.some(({ from, to }) => from < us && us <= to)) continue
      await this.#read(Number(row['id']), MARKETS.indexOf(row['ticker'] as Ticker), us)
    }
  }

  #below(bound: number): number {
    this.#random = (this.#random * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((this.#random / 2 ** 31) * bound)
  }

  async checkAll(): Promise<void> {
    const rows = await store.reader`select id, ticker from kb.markets`
    const moments = this.#truth.flatMap(({ us }) => [us - 1, us])
    const some = moments.filter((_, i) => i % Math.ceil(moments.length / 15) === 0)
    for (const row of rows) {
      const which = MARKETS.indexOf(row['ticker'] as Ticker)
      for (const us of some) await this.#read(Number(row['id']), which, us)
    }
  }

  async #read(id: number, which: number, us: number): Promise<void> {
    const history = await historyAt(store.reader, id, { us: at(us) })
    const { throughUs } = history
    if (throughUs === null || throughUs < at(us)) return
    const found = asOf(history.opening, history.records, history.gaps)
    if (found.kind === 'unknown') this.seen.gaps += 1
    if (found.kind !== 'book') return
    this.seen.books += 1
    const truth = this.#truth.findLast((each) => each.us <= us)?.books[which] ?? new Map()
    expect([us, plainOf(found.book)]).toEqual([us, truth])
    const [gap] = await store.reader`
      select from kb.book_gaps g join kb.book_deltas d using (market_id, seq)
      where market_id = ${id} and d.from_us < ${at(us)} and g.from_us >= ${at(us)}`
    if (gap !== undefined) this.seen.filled += 1
  }
}

test('whichever collector crashes, takes over or comes back late, no past book is one that never was', async () => {
  const seen = { books: 0, filled: 0, gaps: 0 }
  const all = fc.array(action, { minLength: 30, maxLength: 70, size: 'max' })
  await fc.assert(
    fc.asyncProperty(all, async (actions) => {
      await store.clear()
      const world = new World()
      await world.act({ kind: 'start', which: 0, batch: 1000 })
      await world.act({ kind: 'snapshots' })
      for (const each of actions) await world.act(each)
      // Both come back in the end, so that whatever was spooled had its chance.
      for (const which of [0, 1, 0] as const) await world.act({ kind: 'start', which, batch: 3 })
      await world.checkAll()
      await world.act({ kind: 'seal' })
      await world.checkAll()
      for (const each of ['books', 'filled', 'gaps'] as const) seen[each] += world.seen[each]
    }),
    { numRuns: Number(process.env['RUNS'] ?? 20) },
  )
  expect(seen.books).toBeGreaterThan(50)
  expect(seen.filled).toBeGreaterThan(0)
  expect(seen.gaps).toBeGreaterThan(0)
})
