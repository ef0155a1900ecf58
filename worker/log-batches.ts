import type { Sql } from 'postgres'
import type { CursorPosition } from '#core/cursor'
import type { Micros } from '#core/instant'
import type { Seq } from '#core/log'
import type { Batch } from './list.ts'
import { readAhead } from './read-ahead.ts'
import {
  type LoggedRecord,
  type LogPosition,
  type LogRange,
  type LogStep,
  sweepLog,
} from './store/log-sweep.ts'

/** Rows of one batch: they are printed as one text. */
const BATCH_ROWS = 4096

/** The batches of merged logs; of a stream, one step is read ahead. Throws as sweepLog does. */
export async function* logBatches(
  sql: Sql,
  range: LogRange,
  streamed: boolean,
): AsyncGenerator<Batch<LoggedRecord>> {
  const steps = sweepLog(sql, range)
  for await (const step of streamed ? readAhead(steps) : steps) yield* batchesOf(step)
}

/** A step in batches that are not too large, the last of which is where the step ends. */
export function* batchesOf({ rows, throughUs, next }: LogStep): Generator<Batch<LoggedRecord>> {
  let at = 0
  for (; at + BATCH_ROWS < rows.length; at += BATCH_ROWS) {
    const part = rows.slice(at, at + BATCH_ROWS)
    const last = part.at(-1)
    yield { rows: part, throughUs, next: last === undefined ? null : positionAfter(last) }
  }
  yield { rows: rows.slice(at), throughUs, next: next && printPosition(next) }
}

/** Where merged logs go on after a record. */
export function positionAfter({ market, record }: LoggedRecord): CursorPosition {
  return printPosition({ recvUs: record.recv, ticker: market.ticker, seq: record.seq })
}

/** Prints a place in merged logs for a cursor. */
export function printPosition({ recvUs, ticker, seq }: LogPosition): CursorPosition {
  return [String(recvUs), ticker, String(seq)]
}

/** Reads what printPosition printed, which a cursor's signature vouches for. */
export function readPosition(position: CursorPosition): LogPosition {
  const [recvUs, ticker = '', seq] = position
  return { recvUs: Number(recvUs) as Micros, ticker, seq: Number(seq) as Seq }
}
