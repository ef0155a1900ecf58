import type { Sql, TransactionSql } from 'postgres'
import type { SealedPart } from '#core/log-sealing'
import { type Hold, underLease } from './store/lease.ts'
import {
  type DeflatedSegment,
  deflated,
  insertSegments,
  type MarketFailure,
  noteFailures,
} from './store/segments.ts'

/** Postgres's classes 22 and 23, bad data and violated constraints: no retry stores such a row. */
const UNSTORABLE = /^2[23][0-9A-Z]{3}$/

/** What is to be written of one log; `of` is whatever its maker knows it by. */
export type LogPart<Of> = {
  readonly of: Of
  readonly marketId: number
  readonly part: SealedPart
  readonly segments: readonly DeflatedSegment[]
  readonly failed: readonly MarketFailure[]
}

/** A part made ready to be written. */
export function logPart<Of>(of: Of, marketId: number, part: SealedPart): LogPart<Of> {
  return {
    of,
    marketId,
    part,
    segments: part.runs.map((run) => deflated(marketId, run)),
    failed: part.failed.map((failed) => ({ ...failed, marketId })),
  }
}

/** What became of parts: those that are written, and those that Postgres would not take, with its code. */
export type Written<Of> = {
  readonly written: readonly LogPart<Of>[]
  readonly refused: readonly { readonly part: LogPart<Of>; readonly code: string }[]
}

/**
 * Writes parts in one transaction under the lease; when Postgres refuses the data of one, the others go in without it.
 * May be repeated. Throws as Postgres does on any other error.
 * @param sameStore throws when the store is not the one in which the parts' records were found durable
 */
export async function writeParts<Of>(
  sql: Sql,
  hold: Hold,
  parts: readonly LogPart<Of>[],
  sameStore: (tx: TransactionSql) => Promise<void> = async () => {},
): Promise<Written<Of> | 'lease_lost'> {
  try {
    const outcome = await underLease(sql, hold, async (tx) => {
      await sameStore(tx)
      await insertSegments(
        tx,
        parts.flatMap(({ segments }) => segments),
      )
      await noteFailures(
        tx,
        parts.flatMap(({ failed }) => failed),
      )
      return 'written' as const
    })
    return outcome === 'lease_lost' ? outcome : { written: parts, refused: [] }
  } catch (error) {
    const [only, ...others] = parts
    const code = codeOf(error)
    if (only === undefined || !UNSTORABLE.test(code)) throw error
    if (others.length === 0) return { written: [], refused: [{ part: only, code }] }
    const half = Math.ceil(parts.length / 2)
    const first = await writeParts(sql, hold, parts.slice(0, half), sameStore)
    if (first === 'lease_lost') return first
    const second = await writeParts(sql, hold, parts.slice(half), sameStore)
    if (second === 'lease_lost') return second
    return {
      written: [...first.written, ...second.written],
      refused: [...first.refused, ...second.refused],
    }
  }
}

/** The code of an error, `unknown` when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
