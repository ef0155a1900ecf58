import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import type { BookRecord, Level, Side } from '#core/log'
import { MarketLog } from '#core/market-log'
import type { QuoteMinute } from '#core/quote-minute'
import type { Ticker } from '#core/ticker'
import type { Trade } from '#core/trade'
import { Quotes } from '../../collector/quotes.ts'
import { change, epoch, levels, must, price, size, ticker, us } from '../core/arbitraries.ts'
import type { PlainBook } from '../core/plain-book.ts'
import { happenings, type Written, write } from '../core/random-log.ts'

const A = ticker('KXRAIN-26NOV22-A')
const START = 1_795_280_400_000_000
const S = 1_000_000
const MINUTE = 60 * S
const at = (seconds: number) => us(START + seconds * S)

/** Quotes of logs that are written as the collector writes them. */
class Desk {
  readonly logs = new Map<Ticker, MarketLog>([[A, new MarketLog(epoch(8), null)]])
  readonly quotes = new Quotes((market, side) => this.logs.get(market)?.best(side) ?? null)

  get log(): MarketLog {
    return must(this.logs.get(A))
  }

  take(record: BookRecord | null): void {
    this.quotes.onRecord(A, must(record))
  }

  snapshot(seconds: number, bid: number | null = 420_000): void {
    const yes = bid === null ? [] : levels([bid, 900], [100_000, 50])
    this.take(this.log.snapshot({ yes, no: levels([560_000, 850]) }, at(seconds)))
  }

  delta(seconds: number, side: Side, level: number, by: string): void {
    const outcome = this.log.delta(side, price(level), change(by), null, at(seconds))
    this.take(outcome.kind === 'recorded' ? outcome.record : null)
  }

  gap(seconds: number, from: number): void {
    this.take(this.log.gap('cut', at(from), at(seconds)))
  }

  trade(seconds: number, recv = seconds, over: Partial<Trade> = {}): void {
    this.quotes.onTrade({
      market: A,
      tradeId: `t${seconds}`,
      price: price(420_000),
      size: size(100),
      taker: 'yes',
      block: false,
      event: at(seconds),
      recv: at(recv),
      source: 'stream',
      ...over,
    })
  }

  /** The minutes that are closed once everything up to so many seconds is known. */
  closed(seconds: number): string[] {
    return this.quotes.minute(at(seconds + 0.01)).map(print)
  }
}

function print({ start, bid, ask, openInterest, gapUs }: QuoteMinute): string {
  const side = (level: Level | null) => (level === null ? '-' : `${level[0]}:${level[1]}`)
  return `${(start - START) / MINUTE} ${side(bid)} ${side(ask)} ${openInterest ?? '-'} ${gapUs / S}`
}

test('a minute in which the bbo changed is closed with the book of its end, once', () => {
  const desk = new Desk()
  desk.snapshot(5)
  desk.delta(20, 'yes', 430_000, '3.00')
  expect(desk.closed(59.9)).toEqual([])
  expect(desk.closed(60)).toEqual(['0 430000:300 440000:850 - 0'])
  expect(desk.closed(130)).toEqual([])
})

test('what happens at a minute’s first moment belongs to it, and not to the one before', () => {
  const desk = new Desk()
  desk.snapshot(5)
  desk.delta(60, 'yes', 420_000, '-9.00')
  desk.delta(61, 'no', 560_000, '1.00')
  expect(desk.closed(120)).toEqual(['0 420000:900 440000:850 - 0', '1 100000:50 440000:950 - 0'])
})

test('changes away from the top make no quote minute', () => {
  const desk = new Desk()
  desk.snapshot(5)
  desk.closed(60)
  desk.delta(70, 'yes', 100_000, '3.00')
  desk.delta(71, 'yes', 90_000, '3.00')
  desk.delta(72, 'yes', 90_000, '-3.00')
  expect(desk.closed(120)).toEqual([])
})

test('a change that is taken back within the minute is a change', () => {
  const desk = new Desk()
  desk.snapshot(5)
  desk.closed(60)
  desk.delta(70, 'yes', 425_000, '3.00')
  desk.delta(71, 'yes', 425_000, '-3.00')
  expect(desk.closed(120)).toEqual(['1 420000:900 440000:850 - 0'])
})

test('a minute with a trade alone is told, unless it was a block trade', () => {
  const desk = new Desk()
  desk.snapshot(5)
  desk.closed(60)
  desk.trade(70)
  desk.trade(130, 130, { block: true })
  expect(desk.closed(180)).toEqual(['1 420000:900 440000:850 - 0'])
})

test('a trade belongs to the minute of its own time, when the exchange’s clock is ahead of ours too', () => {
  const desk = new Desk()
  desk.snapshot(5)
  desk.closed(60)
  desk.trade(120.2, 119.9)
  expect(desk.closed(120)).toEqual([])
  expect(desk.closed(180)).toEqual(['2 420000:900 440000:850 - 0'])
})

test('open interest is what the ticker channel said last', () => {
  const desk = new Desk()
  desk.quotes.onTicker({ market: A, openInterest: size(5) }, at(1))
  desk.snapshot(5)
  for (const [seconds, amount] of [
    [10, 700],
    [50, 900],
    [60, 1000],
    [130, 1000],
  ] as const) {
    desk.quotes.onTicker({ market: A, openInterest: size(amount) }, at(seconds))
  }
  expect(desk.closed(200)).toEqual([
    '0 420000:900 440000:850 900 0',
    '1 420000:900 440000:850 1000 0',
  ])
})

test('a gap within a minute is counted from when the book was last vouched for, and leaves what came after', () => {
  const desk = new Desk()
  desk.snapshot(5)
  desk.gap(20, 18.5)
  desk.snapshot(30, 410_000)
  expect(desk.closed(60)).toEqual(['0 410000:900 440000:850 - 11.5'])
})

test('a gap over a minute’s end leaves it without quotes, and the next says how much of it was missing', () => {
  const desk = new Desk()
  desk.snapshot(5)
  desk.gap(50, 48)
  desk.snapshot(187)
  expect(desk.closed(240)).toEqual(['0 - - - 12', '3 420000:900 440000:850 - 7'])
})

test('after a restart in the middle of a minute, the time until the first snapshot is a gap', () => {
  const desk = new Desk()
  const before = new MarketLog(epoch(9), null)
  must(before.snapshot({ yes: [], no: [] }, at(0)))
  const opening = must(before.gap('epoch', at(65), at(70)))
  desk.logs.set(A, new MarketLog(epoch(10), opening))
  desk.take(opening)
  desk.snapshot(80)
  expect(desk.closed(120)).toEqual(['1 420000:900 440000:850 - 15'])
})

test('a book that is taken up again without a word of when it was lost was missing since the minute’s start', () => {
  const desk = new Desk()
  const [yes, no] = [levels([420_000, 900]), levels([560_000, 850])]
  const record = must(desk.log.snapshot({ yes, no }, at(80)))
  desk.take({ ...record, reason: 'epoch' } as BookRecord)
  expect(desk.closed(120)).toEqual(['1 420000:900 440000:850 - 20'])
})

test('a market of which no book is recorded has trades without quotes', () => {
  const desk = new Desk()
  desk.trade(10)
  desk.quotes.onTicker({ market: A, openInterest: size(300) }, at(11))
  expect(desk.closed(60)).toEqual(['0 - - 300 60'])
})

test('a settled market’s last minute is told, and then nothing of it is kept', () => {
  const desk = new Desk()
  desk.snapshot(5)
  desk.take(desk.log.snapshot({ yes: [], no: [] }, at(65)))
  for (const record of desk.log.end('settled', null, at(66))) desk.take(record)
  expect(desk.closed(120)).toEqual(['0 420000:900 440000:850 - 0', '1 - - - 0'])
  desk.quotes.onTicker({ market: A, openInterest: size(300) }, at(121))
  expect(desk.closed(240)).toEqual([])
})

test('a de-selected market’s book is unknown from then on', () => {
  const desk = new Desk()
  desk.snapshot(5)
  for (const record of desk.log.end('deselected', null, at(40))) desk.take(record)
  expect(desk.closed(60)).toEqual(['0 - - - 20'])
})

const SCALE = 7 * S
const scaled = (time: Micros) => us(START + (time - START) * SCALE)

function slow(record: BookRecord): BookRecord {
  const stamped = { ...record, recv: scaled(record.recv) }
  return stamped.kind === 'gap' ? { ...stamped, from: scaled(stamped.from) } : stamped
}

function bestOf(book: PlainBook, side: Side): Level | null {
  let best: Level | null = null
  for (const [key, amount] of book) {
    const [of, level] = key.split(' ')
    if (of !== side || Number(level) < (best?.[0] ?? 0)) continue
    best = [price(Number(level)), size(amount)]
  }
  return best
}

const bboText = (book: PlainBook | null) =>
  book === null ? 'unknown' : JSON.stringify([bestOf(book, 'yes'), bestOf(book, 'no')])

type Told = { readonly bbo: string; readonly unknown: boolean }

/** What each minute is to say, from the plain truth after each record. */
function expected(written: readonly Written[]): Map<number, Told> {
  const told = new Map<number, Told>()
  let last: string | null = null
  for (const { record, truth } of written) {
    const minute = Math.floor((scaled(record.recv) - START) / MINUTE)
    const now = bboText(truth)
    const before = told.get(minute)
    const changed = now !== last || before !== undefined
    const unknown = truth === null || last === 'unknown' || before?.unknown === true
    if (changed) told.set(minute, { bbo: truth === null ? '[null,null]' : now, unknown })
    last = now
  }
  return told
}

test('whatever happens, each minute’s quote is that of the plain truth at its end, and a gap in it is told', () => {
  fc.assert(
    fc.property(happenings, fc.boolean(), (all, often) => {
      const written = write(all)
      let truth: PlainBook | null = null
      const quotes = new Quotes((_, side) => truth && bestOf(truth, side))
      const told: QuoteMinute[] = []
      for (const one of written) {
        truth = one.truth
        const record = slow(one.record)
        if (often) told.push(...quotes.minute(record.recv))
        quotes.onRecord(A, record)
      }
      const end = must(written.at(-1)).record.recv
      told.push(...quotes.minute(us(scaled(end) + 2 * MINUTE)))
      const seen = told.map(({ start, bid, ask, gapUs }): [number, Told] => {
        const no = ask && [1_000_000 - ask[0], ask[1]]
        expect(gapUs).toBeLessThanOrEqual(MINUTE)
        return [(start - START) / MINUTE, { bbo: JSON.stringify([bid, no]), unknown: gapUs > 0 }]
      })
      const wanted = [...expected(written)]
      expect(seen.map(([minute, { bbo }]) => [minute, bbo])).toEqual(
        wanted.map(([minute, { bbo }]) => [minute, bbo]),
      )
      // A gap of no length is told as none.
      for (const [minute, { unknown }] of seen) {
        if (unknown) expect(new Map(wanted).get(minute)?.unknown).toBe(true)
      }
    }),
  )
})
