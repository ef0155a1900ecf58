import * as fc from 'fast-check'
import type { Book } from '#core/book'
import type { Micros } from '#core/instant'
import {
  type BookRecord,
  END_REASONS,
  type EndReason,
  type Epoch,
  GAP_CAUSES,
  type Gap,
  type GapRecord,
  type Image,
  type Ladders,
  type Side,
  seqOf,
} from '#core/log'
import { MarketLog } from '#core/market-log'
import type { Price } from '#core/price'
import type { SizeChange } from '#core/size'
import { anySide, epoch, fewLadders, fewPrices, us } from './arbitraries.ts'
import { fold, type PlainBook } from './plain-book.ts'

/** One thing that happens to a market; `later` is the µs since the one before it. */
type Happening = { readonly later: number } & (
  | { readonly kind: 'snapshot'; readonly ladders: Ladders }
  | { readonly kind: 'delta'; readonly side: Side; readonly price: Price; readonly change: number }
  /** A level goes: the change is whatever its size was. */
  | { readonly kind: 'clear'; readonly side: Side; readonly price: Price }
  /** `back`: how long ago (µs) we could last vouch. */
  | { readonly kind: 'gap'; readonly cause: number; readonly back: number }
  | { readonly kind: 'epoch'; readonly skipped: number; readonly back: number }
  | { readonly kind: 'end'; readonly reason: EndReason }
)

const later = fc.constantFrom(0, 0, 1, 3, 10)
const back = fc.constantFrom(0, 0, 1, 5, 30)
const delta = fc.record({
  kind: fc.constant('delta' as const),
  later,
  side: anySide,
  price: fewPrices,
  change: fc.integer({ min: -300, max: 300 }),
})
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 10, arbitrary: delta },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('clear' as const),
      later,
      side: anySide,
      price: fewPrices,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('snapshot' as const), later, ladders: fewLadders }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('gap' as const),
      later,
      cause: fc.nat(GAP_CAUSES.length - 1),
      back,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('epoch' as const),
      later,
      skipped: fc.nat(2),
      back,
    }),
  },
)

const end = fc.record({
  kind: fc.constant('end' as const),
  later,
  reason: fc.constantFrom<EndReason>(...END_REASONS),
})

/** What happens to a market, from its first snapshot on. */
export const happenings = beginning(happening)

/** The same with ends of the log, after which only another epoch can begin it again. */
export const happeningsWithEnds = beginning(
  fc.oneof({ weight: 20, arbitrary: happening }, { weight: 1, arbitrary: end }),
)

function beginning(any: fc.Arbitrary<Happening>): fc.Arbitrary<Happening[]> {
  return fc
    .tuple(fewLadders, fc.array(any, { minLength: 1, maxLength: 60, size: 'max' }))
    .map(([ladders, rest]) => [{ kind: 'snapshot', later: 0, ladders }, ...rest])
}

/** A record, the plain book after it, and the writer's image at that moment. */
export type Written = {
  readonly record: BookRecord
  readonly truth: PlainBook | null
  readonly image: Image | null
}

const START = 1_795_280_400_000_000

/** Lets a real MarketLog write what happened, epoch after epoch, beside a plain Map. */
export function write(all: readonly Happening[]): Written[] {
  const written: Written[] = []
  let lease = epoch(8)
  let log = new MarketLog(lease, null)
  let now = us(START)
  const add = (record: BookRecord | null, image: Image | null): void => {
    if (record === null) return
    written.push({ record, truth: fold(written.at(-1)?.truth ?? null, record), image })
  }
  for (const one of all) {
    now = us(now + one.later)
    if (one.kind === 'epoch') {
      lease = epoch(lease + 1 + one.skipped)
      const last = written.at(-1)?.record
      const opening =
        last?.kind === 'end' ? null : openingGap(lease, last, vouched(now, one.back), now)
      log = new MarketLog(lease, opening)
      add(opening, null)
    } else if (one.kind === 'end') {
      for (const record of log.end(one.reason, null, now)) add(record, log.image())
    } else {
      const record = happen(log, one, written.at(-1)?.truth ?? null, now)
      add(record, log.image())
    }
  }
  return written
}

function happen(
  log: MarketLog,
  one: Exclude<Happening, { kind: 'epoch' | 'end' }>,
  truth: PlainBook | null,
  now: Micros,
): BookRecord | null {
  switch (one.kind) {
    case 'snapshot':
      return log.snapshot(one.ladders, now)
    case 'gap':
      return log.gap(GAP_CAUSES[one.cause] ?? 'cut', vouched(now, one.back), now)
    case 'delta':
    case 'clear': {
      const { side, price } = one
      const gone = 0 - (truth?.get(`${side} ${price}`) ?? 0)
      const change = (one.kind === 'clear' ? gone : one.change) as SizeChange
      const outcome = log.delta(side, price, change, us(now - 7), now)
      return outcome.kind === 'recorded' ? outcome.record : null
    }
  }
}

/** The gap that opens an epoch for a market whose log the epochs before left open. */
function openingGap(
  lease: Epoch,
  last: BookRecord | undefined,
  from: Micros,
  recv: Micros,
): GapRecord | null {
  if (last === undefined) return null
  return {
    kind: 'gap',
    seq: seqOf(lease, 0),
    cause: 'epoch',
    from,
    recv,
    event: null,
    prevSeq: last.seq,
  }
}

const vouched = (now: Micros, back: number): Micros => us(Math.max(START, now - back))

/** The overlay of gaps as the store knows it once everything was written. */
export function gapsOf(written: readonly Written[]): Gap[] {
  return written.flatMap(({ record }, i) => {
    if (record.kind !== 'gap') return []
    const healed = written.slice(i).find((next) => next.record.kind === 'snapshot')
    const { seq, cause, from, recv, prevSeq } = record
    return [{ seq, cause, from, to: healed?.record.recv ?? null, noticed: recv, prevSeq }]
  })
}

/** The levels of a book as a plain one. */
export function plainOf(book: Book): PlainBook {
  const { yes, no } = book.ladders()
  return new Map([
    ...yes.map(([price, size]) => [`yes ${price}`, size as number] as const),
    ...no.map(([price, size]) => [`no ${price}`, size as number] as const),
  ])
}
