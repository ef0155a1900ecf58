import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ingest } from '#core/ingest'
import type { Frame } from '#core/kalshi/decode'
import type { Ladders, Level } from '#core/log'
import { MarketLog } from '#core/market-log'
import { Owners } from '#core/owners'
import { asPrice } from '#core/price'
import { asSize, type SizeChange } from '#core/size'
import { anySide, epoch, fewPrices, must, ticker, us } from './arbitraries.ts'
import { type PlainBook, plain } from './plain-book.ts'

const MARKETS = ['KXA', 'KXB-1.5', 'KXC'].map(ticker)
const SID = 7

const anyMarket = fc.constantFrom(...MARKETS)
/** What the exchange sends next, and what the way to us does to it. */
const sending = fc.record({
  what: fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('delta' as const),
        market: anyMarket,
        side: anySide,
        price: fewPrices,
        change: fc.integer({ min: -300, max: 300 }),
        readable: fc.integer({ min: 0, max: 19 }).map((n) => n > 0),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('snapshot' as const), market: anyMarket }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('ok' as const) }) },
  ),
  fate: fc.oneof(
    { weight: 12, arbitrary: fc.constant('arrives' as const) },
    { weight: 1, arbitrary: fc.constant('lost' as const) },
    { weight: 1, arbitrary: fc.constant('twice' as const) },
  ),
})

type What =
  typeof sending extends fc.Arbitrary<infer S extends { what: unknown }> ? S['what'] : never

/** The exchange: plain Maps, and a seq that counts every frame. */
class PlainExchange {
  readonly books = new Map<string, Map<string, number>>(MARKETS.map((m) => [m, new Map()]))
  #seq = 0

  send(what: What): Frame {
    this.#seq += 1
    const at = { sid: SID, seq: this.#seq }
    if (what.kind === 'ok') return { kind: 'ok', id: null, ...at }
    const { market } = what
    const book = must(this.books.get(market))
    if (what.kind === 'snapshot') {
      return { kind: 'snapshot', ...at, id: null, market, ladders: ladders(book) }
    }
    const { side, price } = what
    const key = `${side} ${price}`
    const change = Math.max(what.change, -(book.get(key) ?? 0)) as SizeChange
    const size = (book.get(key) ?? 0) + change
    if (size === 0) book.delete(key)
    else book.set(key, size)
    if (!what.readable) return { kind: 'malformed', reason: 'a test', market, ...at }
    return { kind: 'delta', ...at, market, side, price, change, event: null }
  }
}

function ladders(book: PlainBook): Ladders {
  const side = (name: string): Level[] =>
    [...book]
      .filter(([key]) => key.startsWith(`${name} `))
      .map(([key, size]) => [must(asPrice(Number(key.split(' ')[1]))), must(asSize(size))])
  return { yes: side('yes'), no: side('no') }
}

test('invariants 1 to 3: whatever is lost, repeated or unreadable, a known book is the exchange’s', () => {
  const count = { known: 0, stale: 0, gaps: 0, malformed: 0 }
  fc.assert(
    fc.property(fc.array(sending, { minLength: 1, maxLength: 80, size: 'max' }), (all) => {
      const exchange = new PlainExchange()
      const logs = new Map(MARKETS.map((market) => [market, new MarketLog(epoch(8), null)]))
      const owners = new Owners()
      for (const [market, log] of logs) owners.aim(owners.follow(market, log), 0)
      const ingest = new Ingest(owners, 0, us(0))
      ingest.frame({ kind: 'subscribed', id: 1, channel: 'orderbook_delta', sid: SID }, us(0))
      let now = 0
      let lost = false
      for (const { what, fate } of all) {
        const frame = exchange.send(what)
        if (fate === 'lost') {
          lost = true
          continue
        }
        const knew = MARKETS.filter((market) => must(logs.get(market)).known)
        now += 1_500
        const { records, resync } = ingest.frame(frame, us(now))
        const gaps = records.filter(({ record }) => record.kind === 'gap')
        if (lost) {
          // A gap for every book that was known, and only the frame's own may be known again.
          expect(gaps.map(({ market }) => market)).toEqual(expect.arrayContaining(knew))
          const known = MARKETS.filter((market) => must(logs.get(market)).known)
          expect(known).toEqual(frame.kind === 'snapshot' ? [frame.market] : [])
          count.gaps += gaps.length
        }
        if (frame.kind === 'malformed') {
          expect(must(logs.get(must(frame.market))).known).toBe(false)
          count.malformed += 1
        }
        for (const { market } of gaps) {
          if (!must(logs.get(market)).known) expect(must(resync).markets).toContain(market)
        }
        lost = false
        if (fate === 'twice') expect(ingest.frame(frame, us(now + 1)).records).toEqual([])
        for (const [market, log] of logs) {
          const image = log.image()
          count[image === null ? 'stale' : 'known'] += 1
          if (image !== null) expect(plain(image)).toEqual(exchange.books.get(market))
        }
      }
    }),
    { numRuns: 400 },
  )
  for (const times of Object.values(count)) expect(times).toBeGreaterThan(50)
})
