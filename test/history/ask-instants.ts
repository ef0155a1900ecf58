import type { Dice } from './dice.ts'
import type { MadeHistory } from './made-history.ts'
import type { MadeMarket } from './made-market.ts'
import type { Question } from './plain-truth.ts'

const HOUR = 3_600_000_000
const DAY = 24 * HOUR

/** A question about one of the markets. */
export type Pair = { readonly market: MadeMarket; readonly question: Question }

/** Random pairs of a market and an instant, chosen where something is likely to be wrong. */
export function pairsAt(dice: Dice, made: MadeHistory, many: number): Pair[] {
  return Array.from({ length: many }, () => {
    const market = dice.pick(made.markets)
    return { market, question: { at: instantOf(dice, made, market), ...manner(dice) } }
  })
}

/**
 * Random pairs of a market and a record's number; few of them are of no record. Records more than an hour beyond the watermark
 * are not asked for: a store holds none (migration 0013), and what is made here may.
 */
export function pairsAfter(dice: Dice, made: MadeHistory, many: number): Pair[] {
  const markets = made.markets.filter(({ records }) => records.length > 0)
  const pairs: Pair[] = []
  while (pairs.length < many) {
    const market = dice.pick(markets)
    const seq = dice.pick(market.records).seq + (dice.chance(0.03) ? dice.pick([-1, 1]) : 0)
    const record = market.records.find((each) => each.seq === seq)
    if (record !== undefined && record.recv > made.through + HOUR) continue
    pairs.push({ market, question: { seq, ...manner(dice) } })
  }
  return pairs
}

/** Questions about both ends of a span of time (µs) of a market, and about every few of its records in between. */
export function pairsWithin(
  market: MadeMarket,
  { from, to }: { readonly from: number; readonly to: number },
): Pair[] {
  const inside = market.records.flatMap(({ recv }) => (recv >= from && recv <= to ? [recv] : []))
  const some = inside.filter((_, i) => i % Math.ceil(inside.length / 6) === 0)
  const ends = [from, to].flatMap((us) => [us - 1, us, us + 1])
  const manner = { view: 'native', depth: null } as const
  return [...new Set([...ends, ...some])].map((at) => ({ market, question: { at, ...manner } }))
}

/** How many of the pairs lie beyond the watermark: each of them is waited for. */
const BEYOND = 0.015

/** An instant where one answer gives way to another, or any. */
export function instantOf(dice: Dice, made: MadeHistory, market: MadeMarket): number {
  const { through } = made
  if (dice.chance(BEYOND)) return through + dice.pick([1, 2, 1_000_000, HOUR, 24 * HOUR])
  const start = made.leases[0]?.opened ?? 0
  const edge = dice.below(3) - 1
  for (;;) {
    const chosen = choose(dice, made, market, start)
    if (chosen !== undefined && chosen + edge <= through) return chosen + edge
  }
}

function choose(
  dice: Dice,
  { through, leases }: MadeHistory,
  { records, gaps, runs }: MadeMarket,
  start: number,
): number | undefined {
  const some = <Item>(list: readonly Item[]) => (list.length > 0 ? dice.pick(list) : undefined)
  switch (dice.below(12)) {
    case 0:
    case 1:
    case 2:
      return some(records)?.recv
    case 3:
    case 4: {
      const gap = some(gaps)
      return gap && dice.pick([gap.from, gap.noticed, gap.to ?? gap.noticed])
    }
    case 5: {
      const gap = some(gaps)
      return gap && gap.from + dice.below((gap.to ?? through) - gap.from + 1)
    }
    case 6:
    case 7:
      return dice.pick([some(runs)?.records[0]?.recv, some(runs)?.records.at(-1)?.recv])
    case 8:
      return start - (start % DAY) + dice.between(1, 5) * DAY
    case 9:
      return start - (start % HOUR) + dice.between(1, 90) * HOUR
    case 10:
      return dice.pick([through, dice.pick(leases).opened, records[0]?.recv, records.at(-1)?.recv])
    default:
      return start - HOUR + dice.below(through - start + HOUR)
  }
}

function manner(dice: Dice): Pick<Question, 'view' | 'depth'> {
  const depth = dice.chance(0.8) ? null : dice.pick([1, 3, 10])
  return { view: dice.pick(['yes', 'native']), depth }
}
