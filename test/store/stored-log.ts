import { inflateRawSync } from 'node:zlib'
import type { Sql } from 'postgres'
import type { BookRecord } from '#core/log'
import type { Segment } from '#core/segment'
import { decodeSegment } from '#core/segment-codec'
import { foldRecords } from '#core/segment-fold'
import type { Ticker } from '#core/ticker'
import type { StoredRecord } from '../../collector/store/entries.ts'
import type { Hold } from '../../collector/store/lease.ts'
import { at } from './fixture.ts'
import { LogMaker } from './log-maker.ts'

export const RAIN = 'KXRAIN-26NOV22-A' as Ticker

/** A market's segments in the order of its log. */
export async function segmentsOf(owner: Sql, marketId: number): Promise<Segment[]> {
  const rows = await owner`
    select data from kb.book_segments where market_id = ${marketId} order by first_us, first_seq`
  return rows.map((row) => {
    const segment = decodeSegment(inflateRawSync(row['data']))
    if (segment === null) throw new Error('a segment cannot be read')
    return segment
  })
}

/** The seqs of a market's rows that are in `book_deltas`. */
export async function hotSeqs(owner: Sql, marketId: number): Promise<number[]> {
  const rows = await owner`
    select seq from kb.book_deltas where market_id = ${marketId} order by seq`
  return rows.map((row) => Number(row['seq']))
}

/** Whether each segment begins as the one before it ends. */
export function linked(segments: readonly Segment[]): boolean {
  return segments.every(({ opening }, i) => {
    const before = segments[i - 1]
    const closing =
      before === undefined ? { kind: 'new' } : foldRecords(before.opening, before.records)
    return JSON.stringify(opening) === JSON.stringify(closing)
  })
}

/** A log of one snapshot and this many deltas, a millisecond apart, from so many µs after NOW. */
export function busyLog(marketId: number, hold: Hold, deltas: number, from = 0): LogMaker {
  const log = new LogMaker(marketId, hold)
  log.snapshot(at(from), [[500_000, 1000]], [[400_000, 700]], 'first')
  for (let n = 1; n <= deltas; n++) {
    const [side, price] = n % 2 === 0 ? (['yes', 500_000] as const) : (['no', 380_000] as const)
    log.delta(at(from + n * 1000), side, price, 100 + (n % 7))
  }
  return log
}

export function stored(marketId: number, records: readonly BookRecord[]): StoredRecord[] {
  return records.map((record) => ({ marketId, market: RAIN, record }))
}

/** A connection whose nth transaction from now on fails, before its work or, when `late`, after it was done. */
export function failing(sql: Sql, nth: number, code: string, late = false): Sql {
  let begun = 0
  return new Proxy(sql, {
    apply: (target, self, given) => Reflect.apply(target as never, self, given),
    get: (target, name) => {
      if (name !== 'begin') return Reflect.get(target, name)
      return async (work: Parameters<Sql['begin']>[1]) => {
        begun += 1
        const fails = begun === nth
        const error = Object.assign(new Error('made to fail'), { code })
        if (fails && !late) throw error
        const outcome = await target.begin(work)
        if (fails) throw error
        return outcome
      }
    },
  })
}
