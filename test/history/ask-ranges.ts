import type { BookRecord } from '#core/log'
import type { Dice } from './dice.ts'
import type { MadeHistory } from './made-history.ts'
import type { MadeMarket } from './made-market.ts'
import { rowOf } from './plain-rows.ts'

/** A range of a market's log, and what is in it. */
export type Range = {
  readonly market: MadeMarket
  readonly path: string
  /** What may be told: nothing beyond the watermark. */
  readonly records: readonly BookRecord[]
  /** The last instant (µs) of it that may be told. */
  readonly until: number
}

/** Random ranges of the logs of random markets: of time, and, unless only such are asked for, what follows a record. */
export function rangesOf(
  dice: Dice,
  made: MadeHistory,
  many: number,
  { ofTime = false } = {},
): Range[] {
  const { through } = made
  const markets = made.markets.filter(({ records }) => (records[0]?.recv ?? through) < through)
  return Array.from({ length: many }, () => {
    const market = dice.pick(markets)
    const told = market.records.filter(({ recv }) => recv <= through)
    const [one, other] = [dice.below(told.length), dice.below(told.length)]
    const at = (i: number) => (told[i]?.recv ?? 0) + dice.pick([-1, 0, 0, 1])
    const whole = dice.chance(0.2)
    const from = whole ? (told[0]?.recv ?? 0) : at(Math.min(one, other))
    const ends = whole ? through + dice.pick([0, 1, 10 ** 9]) : at(Math.max(one, other)) + 1
    const to = Math.max(ends, from + 1, (told[0]?.recv ?? 0) + 1)
    const after = !ofTime && dice.chance(0.2) ? dice.pick(told).seq : null
    const path = `/v1/markets/${market.ticker}/deltas?from=${from}&to=${to}`
    return {
      market,
      path: after === null ? path : `${path}&after_seq=${after}`,
      until: Math.min(to - 1, through),
      records: told.filter(
        ({ recv, seq }) => recv >= from && recv < to && (after === null || seq > after),
      ),
    }
  })
}

/** Random ranges of the merged logs of random events, with the rows that must be listed. */
export function eventRanges(
  dice: Dice,
  made: MadeHistory,
  many: number,
): { readonly path: string; readonly rows: readonly object[] }[] {
  const [start, end] = [made.leases[0]?.opened ?? 0, made.through]
  const events = made.markets.flatMap(({ event, records }) => (records[0] ? [event] : []))
  return Array.from({ length: many }, () => {
    const event = dice.pick(events.slice(0, 16))
    const from = start + dice.below((end - start) / 2)
    const markets = made.markets.filter((market) => market.event === event)
    // A range that ends before the event's record begins is refused.
    const begin = Math.min(...markets.flatMap(({ records }) => records[0]?.recv ?? []))
    const to = Math.max(from + dice.below(end - from) + 1, begin + 1)
    const rows = markets.flatMap(({ ticker, records }) =>
      records
        .filter(({ recv }) => recv >= from && recv < to && recv <= end)
        .map((record) => ({ market: ticker, ...rowOf(record) })),
    )
    rows.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    return { path: `/v1/events/${event}/deltas?from=${from}&to=${to}`, rows }
  })
}

/** (recv, ticker, seq) as one text; tickers compare by their bytes. */
function orderOf(row: Readonly<Record<string, unknown>>): string {
  return `${row['recv_us']} ${row['market']} ${String(row['seq']).padStart(16, '0')}`
}
