import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BboChange, bboChanges, bboOf } from '#core/bbo'
import type { BookRecord, Level, Side } from '#core/log'
import { MarketLog } from '#core/market-log'
import type { Opening } from '#core/segment'
import { change, epoch, levels, must, price, seq, us } from './arbitraries.ts'
import type { PlainBook } from './plain-book.ts'
import { happenings, type Written, write } from './random-log.ts'

const NEW: Opening = { kind: 'new' }

test('a no bid is a yes ask at the complement of its price, with the same size', () => {
  const ladders = { yes: levels([420_000, 90_000], [410_000, 5]), no: levels([565_500, 850]) }
  expect(bboOf(ladders)).toEqual({ bid: [420_000, 90_000], ask: [434_500, 850] })
  expect(bboOf({ yes: [], no: [] })).toEqual({ bid: null, ask: null })
})

test('a log yields a change for each record that moves a best price or its size, and for no other', () => {
  const log = new MarketLog(epoch(8), null)
  const records: BookRecord[] = []
  const delta = (side: Side, at: number, by: string, time: number) => {
    const outcome = log.delta(side, price(at), change(by), us(time - 1), us(time))
    if (outcome.kind === 'recorded') records.push(outcome.record)
  }
  records.push(must(log.snapshot({ yes: levels([420_000, 900]), no: [] }, us(10))))
  delta('yes', 410_000, '7.00', 20) // below the best
  delta('yes', 420_000, '1.00', 30)
  delta('no', 570_000, '2.00', 40)
  delta('yes', 420_000, '-10.00', 50) // the best level goes
  records.push(must(log.gap('cut', us(55), us(60))))
  records.push(must(log.snapshot({ yes: [], no: [] }, us(70))))
  const told = [...bboChanges(NEW, records)].map(({ known, bid, ask, event, recv }) => {
    return [recv, event, known, bid, ask]
  })
  expect(told).toEqual([
    [10, null, true, [420_000, 900], null],
    [30, 29, true, [420_000, 1000], null],
    [40, 39, true, [420_000, 1000], [430_000, 200]],
    [50, 49, true, [410_000, 700], [430_000, 200]],
    [60, null, false, null, null],
    [70, null, true, null, null],
  ])
})

test('records that do not follow the opening are refused', () => {
  const ladders = { yes: levels([420_000, 900]), no: [] }
  const stamp = { seq: seq(7), recv: us(1), event: null }
  const opening: Opening = {
    kind: 'known',
    ...stamp,
    ladders,
    closed: false,
    openingSeq: seq(7),
    deltas: 0,
  }
  const log = new MarketLog(epoch(0), null)
  must(log.snapshot(ladders, us(1)))
  const outcome = log.delta('yes', price(430_000), change('1.00'), null, us(2))
  if (outcome.kind !== 'recorded') throw new Error('the delta was not recorded')
  expect(() => [...bboChanges(opening, [{ ...outcome.record, seq: seq(9) }])]).toThrow()
  const [told] = bboChanges(opening, [{ ...outcome.record, seq: seq(8) }])
  expect(told).toMatchObject({ seq: 8, bid: [430_000, 100] })
})

function bestOf(book: PlainBook, side: Side): Level | null {
  const prices = [...book.keys()].flatMap((key) => {
    const [of, at] = key.split(' ')
    return of === side ? [Number(at)] : []
  })
  if (prices.length === 0) return null
  const best = Math.max(...prices)
  return [price(best), must(book.get(`${side} ${best}`)) as Level[1]]
}

/** The bbo of the plain truth, after each record. */
function truthOf({ truth }: Written): Pick<BboChange, 'known' | 'bid' | 'ask'> {
  if (truth === null) return { known: false, bid: null, ask: null }
  const no = bestOf(truth, 'no')
  return {
    known: true,
    bid: bestOf(truth, 'yes'),
    ask: no && [price(1_000_000 - no[0]), no[1]],
  }
}

function openingAfter({ record, truth, image }: Written): Opening {
  const stamp = { seq: record.seq, recv: record.recv, event: record.event }
  if (truth === null) {
    if (record.kind !== 'gap') throw new Error('only a gap makes a book unknown')
    return { kind: 'unknown', ...stamp, gap: record, closed: false }
  }
  const { yes, no } = must(image)
  const ladders = { yes, no }
  return {
    kind: 'known',
    ...stamp,
    ladders,
    closed: false,
    openingSeq: record.seq,
    deltas: 0,
  }
}

test('whatever happens, and wherever one begins, the last change told is the bbo of the book', () => {
  fc.assert(
    fc.property(happenings, fc.nat(40), (all, skipped) => {
      const written = write(all)
      const at = Math.min(skipped, written.length - 1)
      const opening = must(written[at])
      const rest = written.slice(at + 1)
      const changes = [
        ...bboChanges(
          openingAfter(opening),
          rest.map(({ record }) => record),
        ),
      ]
      let last = JSON.stringify(truthOf(opening))
      const expected = rest.flatMap((one) => {
        const now = JSON.stringify(truthOf(one))
        if (now === last) return []
        last = now
        return [{ seq: one.record.seq, bbo: now }]
      })
      expect(
        changes.map(({ seq: of, known, bid, ask }) => ({
          seq: of,
          bbo: JSON.stringify({ known, bid, ask }),
        })),
      ).toEqual(expected)
    }),
  )
})
