import type { SpendAsk } from '#core/admission'
import type { LoggedCall } from '#core/call-log'
import { IS_PART } from './account-memory.ts'

/** So many calls are remembered. */
export const MOST_CALLS = 1000
/** Refused calls of one minute that are: who floods us writes no more. */
const REFUSED_A_MINUTE = 20
const MINUTE_MS = 60_000
const STATES = ['open', 'settled', 'lost', 'refused'] as const

/**
 * An account's last calls. Those that were admitted are the rows of SpendMemory, for which nothing more is written; those
 * that were not have a table of their own.
 */
export class CallLog {
  readonly #sql: SqlStorage
  #minute = 0
  #refused = 0

  /** @param sql with the table of SpendMemory */
  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`create table if not exists refused_calls (
      id text primary key, key_id text not null, route text not null, method text not null,
      at_ms integer not null, status integer not null) without rowid`)
  }

  /** A request was not admitted. @param status of its answer */
  refused(ask: SpendAsk, keyId: string, status: number, nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#refused = 0
      this.#forget()
    }
    if (this.#refused >= REFUSED_A_MINUTE) return
    this.#refused += 1
    const { requestId, route, method = 'GET' } = ask
    const insert = 'insert or ignore into refused_calls values (?, ?, ?, ?, ?, ?)'
    this.#sql.exec(insert, requestId, keyId, route, method, nowMs, status)
  }

  /** The last calls, the newest first. What a stream was charged is told with the call that opened it. */
  read(): LoggedCall[] {
    const query = `
      with parts as (
        select substr(id, 1, instr(id, '.') - 1) as call, sum(credits) as credits,
          min(status) as status, max(ms) as ms
        from spends where ${IS_PART} group by 1)
      select c.id, c.key_id, c.route, c.method, c.at_ms, c.state,
        min(c.status, coalesce(p.status, c.status)) as status,
        coalesce(c.credits, 0) + coalesce(p.credits, 0) as credits,
        max(c.ms, coalesce(p.ms, c.ms)) as ms
      from spends c left join parts p on p.call = c.id where not ${IS_PART}
      union all
      select id, key_id, route, method, at_ms, 3, status, 0, null from refused_calls
      order by at_ms desc, id desc limit ?`
    return this.#sql.exec(query, MOST_CALLS).toArray().map(callOf)
  }

  #forget(): void {
    const old = `delete from refused_calls where at_ms < (
      select at_ms from refused_calls order by at_ms desc limit 1 offset ?)`
    this.#sql.exec(old, MOST_CALLS - 1)
  }
}

function callOf(row: Record<string, SqlStorageValue>): LoggedCall {
  const state = STATES[Number(row['state'])] ?? 'lost'
  const known = (value: SqlStorageValue | undefined) => (value === null ? null : Number(value))
  return {
    requestId: String(row['id']),
    atMs: Number(row['at_ms']),
    keyId: String(row['key_id']),
    method: String(row['method'] ?? 'GET'),
    route: String(row['route']),
    state,
    status: known(row['status']),
    credits: Number(row['credits']),
    ms: known(row['ms']),
  }
}
