import type { Context } from 'hono'
import type { Sql } from 'postgres'
import type { ApiError } from '#core/api-error'
import { rangeFault } from '#core/asked-instant'
import type { Micros } from '#core/instant'
import type { Seq } from '#core/log'
import type { Column } from '#core/wire/csv'
import { printRecord, type WireLoggedRecord, type WireRecord } from '#core/wire/record'
import { RECORD_COLUMNS } from '#core/wire/record-csv'
import { answerList } from './answer-list.ts'
import type { App } from './context.ts'
import { CSV_TYPE, type Format, formatOf, NDJSON_TYPE } from './format.ts'
import { readFrom } from './gate/history.ts'
import { given } from './given.ts'
import type { Asked, ListStart, Opened } from './list.ts'
import { logBatches, positionAfter, readPosition } from './log-batches.ts'
import { type Layout, recordCsv, recordLines } from './log-layout.ts'
import { logNotCovered } from './log-not-covered.ts'
import { openReplay } from './log-replay.ts'
import { nowUs } from './now.ts'
import { refuse } from './refuse.ts'
import { logBegin } from './store/log-begin.ts'
import type { LoggedRecord } from './store/log-sweep.ts'
import type { NamedMarket } from './store/named-markets.ts'

/** What is asked of the logs of some markets. */
export type LogAsked = {
  readonly from?: Micros | undefined
  readonly to?: Micros | undefined
  readonly afterSeq?: Seq | undefined
  readonly order: 'asc' | 'desc'
  readonly layout: Layout
}

/** A list of the records of one market or of several. */
export type LogList = {
  readonly route: string
  readonly params: Readonly<Record<string, string | number | undefined>>
  readonly page: Asked
  readonly asked: LogAsked
  /** Each row says of which market it is. */
  readonly named: boolean
  readonly markets: (sql: Sql) => Promise<Found>
}

/** The markets whose logs are asked for, each once; or why there are none. */
export type Found =
  | { readonly ok: true; readonly markets: readonly NamedMarket[] }
  | { readonly ok: false; readonly error: ApiError }

/** CSV columns of records that say of which market they are. */
export const LOGGED_COLUMNS: readonly Column<WireLoggedRecord>[] = [
  ['market', (record) => record.market],
  ...RECORD_COLUMNS,
]

/** Answers with records of some markets in the order (recv, ticker, seq), as a page or as a stream. */
export async function answerLog(c: Context<App>, list: LogList): Promise<Response> {
  const { asked, named, route, params, page } = list
  const now = nowUs()
  const wrong = rangeFault(asked.from, asked.to, now) ?? layoutFault(asked, formatOf(c))
  if (wrong !== null) return refuse(c, wrong)
  const read = await readFrom(c, asked)
  if (!read.ok) return refuse(c, read.error)
  const bounded = { ...list, asked: { ...asked, from: read.from } }
  const open = (sql: Sql, start: ListStart) => openLog(sql, start, bounded, now)
  const shared = {
    route,
    params,
    cost: 'rows',
    asked: page,
    position: positionAfter,
    open,
  } as const
  return named
    ? answerList(c, { ...shared, wire: printLogged, columns: LOGGED_COLUMNS })
    : answerList(c, { ...shared, wire: printOne, columns: RECORD_COLUMNS })
}

/** Why a layout cannot be answered so; null when it can. */
function layoutFault({ layout, order, afterSeq }: LogAsked, format: Format): ApiError | null {
  if (layout === 'plain') return null
  const code = 'invalid_param'
  const needed = layout === 'stream' ? NDJSON_TYPE : CSV_TYPE
  if (format !== needed) {
    return { code, param: 'layout', message: `${layout} needs Accept: ${needed}` }
  }
  if (order !== 'asc') return { code, param: 'order', message: `must be asc with layout=${layout}` }
  if (afterSeq === undefined) return null
  return { code, param: 'after_seq', message: `cannot be given together with layout=${layout}` }
}

async function openLog(
  sql: Sql,
  start: ListStart,
  { asked, named, markets: find }: LogList,
  now: Micros,
): Promise<Opened<LoggedRecord>> {
  const found = await find(sql)
  if (!found.ok) return found
  const { markets } = found
  const { from, to, afterSeq, order } = asked
  const begin = await logBegin(
    sql,
    markets.map(({ id }) => id),
  )
  const after = start.after === null ? undefined : readPosition(start.after)
  const error = logNotCovered(begin, to, order === 'asc' ? after?.recvUs : undefined)
  if (error !== null) return { ok: false, error }
  const fromUs = from ?? begin.firstUs ?? now
  const range = { fromUs, toUs: Math.min(to ?? now, now) as Micros }
  const span = given({ fromUs: from, toUs: to, afterSeq, after })
  const logs = { markets, order, most: start.most, ...span }
  if (asked.layout !== 'plain') {
    return { ok: true, range, ...(await openReplay(sql, markets, logs, begin.keptUs)) }
  }
  const batches = logBatches(sql, logs, start.streamed)
  return { ok: true, range, batches, ndjson: recordLines(named), csv: recordCsv(named) }
}

function printOne({ record }: LoggedRecord): WireRecord {
  return printRecord(record)
}

function printLogged({ market, record }: LoggedRecord): WireLoggedRecord {
  return { market: market.ticker, ...printRecord(record) }
}
