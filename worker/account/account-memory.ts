import type { CallEnd } from '#core/call-log'
import type { Micros } from '#core/instant'
import { addColumn } from './add-column.ts'

/** What a request has reserved and not settled. */
export type OpenSpend = {
  readonly id: string
  readonly keyId: string
  readonly route: string
  /** 1 for a request, 0 for a further block of one. */
  readonly requests: number
  readonly held: number
  readonly atMs: number
  readonly method?: string
}

/** What became of a request, or of a part of a stream. */
export type Settled = {
  readonly keyId: string
  readonly route: string
  readonly requests: number
  readonly failed: number
  readonly credits: number
  /** The part of the credits beyond the included ones. */
  readonly over: number
  readonly hourUs: Micros
  readonly plan: string
}

/** `released` was not settled in time: it cost nothing. */
export type SpendState = 'open' | 'settled' | 'released'
const STATES = ['open', 'settled', 'released'] as const

/** So long (ms) a request is known again: ten minutes from its settling, which comes within one. */
export const KNOWN_MS = 660_000
/** Forgetting looks at every request that is kept: it is done so often at most, ms. */
const FORGET_MS = 300_000

/** A further block, or what a stream was charged: its id is that of its call, a dot and a number. */
export const IS_PART = `instr(id, '.') > 0`

type Row = Record<string, SqlStorageValue>

/** What was spent in the last minutes, request by request: one row written to reserve, one to settle. */
export class SpendMemory {
  readonly #sql: SqlStorage
  /** Calls that are kept however old they are. */
  readonly #logged: number
  /** Rows that were settled under this number are in no sum yet. */
  #fold: number
  #forgotMs = Number.NEGATIVE_INFINITY

  /** @param logged so many calls are kept however old they are */
  constructor(sql: SqlStorage, logged: number) {
    this.#sql = sql
    this.#logged = logged
    sql.exec(`create table if not exists spends (
      id text primary key, key_id text not null, route text not null, requests integer not null,
      held integer not null, at_ms integer not null, state integer not null, failed integer,
      credits integer, over integer, hour_us integer, plan text, fold integer) without rowid`)
    for (const column of ['method text', 'status integer', 'ms integer'])
      addColumn(sql, 'spends', column)
    sql.exec('create table if not exists folds (one integer primary key, fold integer not null)')
    this.#fold = Number(sql.exec('select fold from folds').toArray()[0]?.['fold'] ?? 0)
  }

  /** What became of a request; null when it is not known. */
  find(id: string): SpendState | null {
    const [row] = this.#sql.exec('select state from spends where id = ?', id).toArray()
    return row === undefined ? null : (STATES[Number(row['state'])] ?? null)
  }

  reserve({ id, keyId, route, requests, held, atMs, method = 'GET' }: OpenSpend): void {
    const insert = `insert into spends (id, key_id, route, requests, held, at_ms, state, method)
      values (?, ?, ?, ?, ?, ?, 0, ?)`
    this.#sql.exec(insert, id, keyId, route, requests, held, atMs, method)
  }

  /** More is reserved. */
  raise(id: string, held: number): void {
    this.#sql.exec('update spends set held = ? where id = ?', held, id)
  }

  /** What was reserved has become this. @param end how its answer ended; null where nobody tells */
  settle(
    id: string,
    state: Exclude<SpendState, 'open'>,
    settled: Settled,
    end: CallEnd | null,
  ): void {
    const { failed, credits, over, hourUs, plan } = settled
    const update = `update spends set state = ?, failed = ?, credits = ?, over = ?, hour_us = ?,
      plan = ?, fold = ?, status = ?, ms = ? where id = ?`
    const values = [STATES.indexOf(state), failed, credits, over, hourUs, plan, this.#fold]
    this.#sql.exec(update, ...values, end?.status ?? null, end?.ms ?? null, id)
  }

  /** Keeps what is settled at once; in place of what was released under the same id. */
  charge(id: string, atMs: number, settled: Settled): void {
    const { keyId, route, requests, failed, credits, over, hourUs, plan } = settled
    const insert = `insert or replace into spends (id, key_id, route, requests, held, at_ms, state,
      failed, credits, over, hour_us, plan, fold) values (?, ?, ?, ?, 0, ?, 1, ?, ?, ?, ?, ?, ?)`
    const what = [failed, credits, over, hourUs, plan, this.#fold]
    this.#sql.exec(insert, id, keyId, route, requests, atMs, ...what)
  }

  /** What is reserved, the oldest first, and what was settled and is in no sum yet: by one reading of the table, as it is long. */
  recall(): { readonly open: OpenSpend[]; readonly unfolded: Settled[] } {
    const query = 'select * from spends where state = 0 or fold = ?'
    const rows = this.#sql.exec(query, this.#fold).toArray()
    const open = rows.filter((row) => row['state'] === 0).map(openOf)
    const unfolded = rows.filter((row) => row['state'] !== 0).map(settledOf)
    return {
      open: open.sort((a, b) => a.atMs - b.atMs),
      unfolded: unfolded.sort((a, b) => a.hourUs - b.hourUs),
    }
  }

  /** All that was settled is in sums that are kept in this same turn. */
  folded(): void {
    this.#fold += 1
    this.#sql.exec('insert or replace into folds values (1, ?)', this.#fold)
  }

  /** Forgets what is known long enough, the last calls apart; nothing that is in no sum yet. */
  forget(nowMs: number): void {
    if (Math.abs(nowMs - this.#forgotMs) < FORGET_MS) return
    this.#forgotMs = nowMs
    const before = nowMs - KNOWN_MS
    if (this.#logged > 0) this.#gather(before)
    // To the row: one too many would be looked for again and again.
    const old = `delete from spends where at_ms < ? and state > 0 and fold < ? and (${IS_PART}
      or id not in (
        select id from spends where not ${IS_PART} order by at_ms desc, id desc limit ?))`
    this.#sql.exec(old, before, this.#fold, this.#logged)
  }

  /** Whether anything is kept that is to be forgotten. */
  get isForgetful(): boolean {
    const query = `select 1 from spends where ${IS_PART}
      union all select 1 from (select 1 from spends limit 1 offset ?) limit 1`
    return this.#sql.exec(query, this.#logged).toArray().length > 0
  }

  /** What further blocks and streams cost is kept with the call that began them. */
  #gather(beforeMs: number): void {
    const gather = `update spends set credits = spends.credits + part.credits,
        status = min(spends.status, coalesce(part.status, spends.status)),
        ms = max(spends.ms, coalesce(part.ms, spends.ms))
      from (select substr(id, 1, instr(id, '.') - 1) as call, sum(credits) as credits,
          min(status) as status, max(ms) as ms from spends
        where ${IS_PART} and at_ms < ? and state > 0 and fold < ? group by 1) as part
      where spends.id = part.call and state > 0 and fold < ?`
    this.#sql.exec(gather, beforeMs, this.#fold, this.#fold)
  }
}

function spendOf(row: Row): Pick<OpenSpend, 'keyId' | 'route' | 'requests'> {
  return {
    keyId: String(row['key_id']),
    route: String(row['route']),
    requests: Number(row['requests']),
  }
}

function openOf(row: Row): OpenSpend {
  return {
    ...spendOf(row),
    id: String(row['id']),
    held: Number(row['held']),
    atMs: Number(row['at_ms']),
  }
}

function settledOf(row: Row): Settled {
  return {
    ...spendOf(row),
    failed: Number(row['failed']),
    credits: Number(row['credits']),
    over: Number(row['over']),
    hourUs: Number(row['hour_us']) as Micros,
    plan: String(row['plan']),
  }
}
