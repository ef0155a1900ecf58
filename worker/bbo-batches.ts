import type { Sql } from 'postgres'
import { BboReplay, type ToldBbo } from '#core/bbo-replay'
import type { CursorPosition } from '#core/cursor'
import type { Micros } from '#core/instant'
import type { Gap, Seq } from '#core/log'
import type { Batch } from './list.ts'
import { readAhead } from './read-ahead.ts'
import { gapsAround, gapsBetween, openingsAt } from './store/log-openings.ts'
import {
  type LogPosition,
  type LogRange,
  type LogStep,
  type SweptMarket,
  sweepLog,
} from './store/log-sweep.ts'

/** A page of changes takes so many times as many records at first. */
const RECORDS_PER_CHANGE = 4

export type BboRange = Omit<LogRange, 'markets' | 'after'> & {
  readonly market: SweptMarket
  /** The place after which the list goes on. */
  readonly after?: CursorPosition | undefined
  /** From when on the log is kept, µs. */
  readonly keptUs: Micros
}

/**
 * The batches of a market's changes of the bbo, each of a bounded number of records. Throws as sweepLog and openingsAt do,
 * and BrokenLogError for records that do not follow each other.
 */
export function bboBatches(
  sql: Sql,
  { market, keptUs, after, ...range }: BboRange,
  streamed: boolean,
): AsyncGenerator<Batch<ToldBbo>> {
  const place = after && readPlace(after, market)
  const most = RECORDS_PER_CHANGE * range.most
  const swept = sweepLog(sql, { ...range, ...(place && { after: place }), most, markets: [market] })
  const steps = streamed ? readAhead(swept) : swept
  const log = new StoredLog(sql, market, keptUs)
  const begin = before(Math.max(range.fromUs ?? 0, keptUs))
  return range.order === 'asc'
    ? forth(steps, log, place ?? begin, range.toUs)
    : back(steps, log, begin, place?.recvUs ?? null, range.toUs)
}

/** Where the list goes on after a change. */
export function bboPosition(order: 'asc' | 'desc', { recv, seq, by }: ToldBbo): CursorPosition {
  // Going down, what a gap hid from its beginning on is followed by the last record before it.
  if (order === 'desc' && by === 'gap') return [String(recv - 1), String(seq + 1)]
  return [String(recv), String(seq)]
}

async function* forth(
  steps: AsyncGenerator<LogStep>,
  log: StoredLog,
  begin: LogPosition,
  toUs: number | undefined,
): AsyncGenerator<Batch<ToldBbo>> {
  const replay = await log.replayAt(begin)
  let gapsFrom: number = begin.recvUs
  for await (const { rows, throughUs, next } of steps) {
    const endUs = next?.recvUs ?? lastOf(toUs, throughUs)
    replay.expect(await log.gapsBetween(gapsFrom, endUs))
    gapsFrom = endUs + 1
    const changes = replay.take(rows.map(({ record }) => record))
    if (next === null) changes.push(...replay.end(endUs))
    yield { rows: changes, throughUs, next: next && printPlace(next) }
  }
}

/** Going down, each step is replayed upwards from the book before it. */
async function* back(
  steps: AsyncGenerator<LogStep>,
  log: StoredLog,
  begin: LogPosition,
  afterUs: number | null,
  toUs: number | undefined,
): AsyncGenerator<Batch<ToldBbo>> {
  let endUs = afterUs
  for await (const { rows, throughUs, next } of steps) {
    const end = endUs ?? lastOf(toUs, throughUs)
    const low = next === null ? begin : justBefore(next)
    const replay = await log.replayAt(low)
    replay.expect(await log.gapsBetween(low.recvUs, end))
    const changes = replay.take(rows.map(({ record }) => record).toReversed())
    changes.push(...replay.end(end))
    yield { rows: changes.reverse(), throughUs, next: next && printPlace(next) }
    endUs = low.recvUs
  }
}

/** What is asked of one market's log beside its records. */
class StoredLog {
  readonly #sql: Sql
  readonly #market: SweptMarket
  readonly #keptUs: Micros

  constructor(sql: Sql, market: SweptMarket, keptUs: Micros) {
    this.#sql = sql
    this.#market = market
    this.#keptUs = keptUs
  }

  async replayAt(place: LogPosition): Promise<BboReplay> {
    const { id } = this.#market
    const openings = await openingsAt(this.#sql, [this.#market], place, this.#keptUs)
    const gaps = await gapsAround(this.#sql, [id], place.recvUs)
    return new BboReplay(openings.get(id) ?? { kind: 'new' }, place.recvUs, gaps.get(id) ?? [])
  }

  async gapsBetween(fromUs: number, toUs: number): Promise<readonly Gap[]> {
    const { id } = this.#market
    return (await gapsBetween(this.#sql, [id], fromUs, toUs)).get(id) ?? []
  }
}

/** Before all records of a moment. */
function before(us: number): LogPosition {
  return { recvUs: us as Micros, ticker: '', seq: 0 as Seq }
}

function justBefore({ recvUs, ticker, seq }: LogPosition): LogPosition {
  return seq === 0 ? before(recvUs) : { recvUs, ticker, seq: (seq - 1) as Seq }
}

/** The last moment of all that is read. */
function lastOf(toUs: number | undefined, throughUs: Micros | null): number {
  return Math.min((toUs ?? Number.MAX_SAFE_INTEGER) - 1, throughUs ?? -1)
}

function printPlace({ recvUs, seq }: LogPosition): CursorPosition {
  return [String(recvUs), String(seq)]
}

function readPlace([recvUs, seq]: CursorPosition, { ticker }: SweptMarket): LogPosition {
  return { recvUs: Number(recvUs) as Micros, ticker, seq: Number(seq) as Seq }
}
