import type { Sql } from 'postgres'
import { z } from 'zod'

/** Requests of one reading. */
const MOST = 500
/** What went through so long ago (µs) has ended, and what it cost is known. */
export const PASSED_US = 60_000_000

const row = z.object({
  request_id: z.string(),
  key_id: z.string(),
  route: z.string(),
  credits: z.int(),
})
/** A request that went through while the Account object could not be reached. */
export type JournalRow = z.infer<typeof row>

/** Reads requests that are to be spent, so many at most as one reading bears. Throws as `sql` does. */
async function readJournal(sql: Sql, accountId: string, nowUs: number): Promise<JournalRow[]> {
  const rows = await sql`
    select request_id, key_id, route, credits from kb.gate_journal
    where account_id = ${accountId} and spent_us is null and at_us <= ${nowUs - PASSED_US}
    order by request_id limit ${MOST}`
  return z.array(row).parse([...rows])
}

/** Notes that requests were spent. Throws as `sql` does. */
async function markSpent(sql: Sql, ids: readonly string[], nowUs: number): Promise<void> {
  await sql`
    update kb.gate_journal set spent_us = ${nowUs}
    where request_id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::text::jsonb))
      and spent_us is null`
}

/** Requests that are spent here and may not be noted as such in Postgres: kept in the turn that spends them. */
export class Absorbed {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('create table if not exists absorbed (id text primary key) without rowid')
  }

  /** Keeps that a request is spent. @returns false when it was already */
  keep(id: string): boolean {
    return this.#sql.exec('insert or ignore into absorbed values (?)', id).rowsWritten > 0
  }

  get ids(): string[] {
    const rows = this.#sql.exec('select id from absorbed order by id').toArray()
    return rows.map((each) => String(each['id']))
  }

  /** Postgres knows of these. */
  forget(ids: readonly string[]): void {
    const list = JSON.stringify(ids)
    this.#sql.exec('delete from absorbed where id in (select value from json_each(?))', list)
  }
}

/**
 * Spends what went through, each request once whatever fails between the steps.
 * @param charge takes a request's credits, in the turn in which it is called
 * @returns how many were spent. Throws as `connect` does.
 */
export async function absorbJournal(
  connect: <Result>(run: (sql: Sql) => Promise<Result>) => Promise<Result>,
  accountId: string,
  absorbed: Absorbed,
  nowMs: number,
  charge: (row: JournalRow) => void,
): Promise<number> {
  const nowUs = nowMs * 1000
  let count = 0
  for (;;) {
    const rows = await connect((sql) => readJournal(sql, accountId, nowUs))
    for (const each of rows) {
      if (!absorbed.keep(each.request_id)) continue
      charge(each)
      count += 1
    }
    const ids = absorbed.ids
    if (ids.length > 0) await connect((sql) => markSpent(sql, ids, nowUs))
    absorbed.forget(ids)
    if (rows.length < MOST) return count
  }
}
