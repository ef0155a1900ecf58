import type { AccountUsage, UsageRow } from '#core/account-word'
import type { Micros } from '#core/instant'
import { hourOf } from '#core/period'
import type { Settled } from './account-memory.ts'

/** An hour on a plan, as a whole. */
export type TotalRow = {
  readonly hourUs: Micros
  readonly plan: string
  readonly credits: number
  readonly overage: number
  readonly closed: boolean
}

type Sums = { -readonly [Name in keyof UsageRow]: UsageRow[Name] }
type Totals = { -readonly [Name in keyof TotalRow]: TotalRow[Name] }

const HOUR_US = 3_600_000_000
/** Hours are kept so long after their begin. */
const KEPT_US = 62 * 24 * HOUR_US
/** Sums of more rows than this are kept at once. */
const MOST_PENDING = 500
/** Rows of one answer. */
const MOST_ROWS = 20_000
/** Rows of one statement to Postgres. */
export const MOST_TOLD = 1000

/** What the account spent by hour, key and route; and by hour and plan. What is pending is in memory, and row by row in SpendMemory. */
export class Usage {
  readonly #sql: SqlStorage
  readonly #pending = new Map<string, Sums>()
  readonly #pendingTotals = new Map<string, Totals>()
  /** Hours before this one are closed. */
  #closedUs: Micros
  /** Hours before this one are closed, and Postgres has them. */
  #toldUs: Micros

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`create table if not exists usage (
      hour_us integer, key_id text, route text, requests integer not null, failed integer not null,
      credits integer not null, told integer not null, primary key (hour_us, key_id, route))
      without rowid`)
    sql.exec(`create table if not exists totals (
      hour_us integer, plan text, credits integer not null, overage integer not null,
      closed integer not null, told integer not null, primary key (hour_us, plan)) without rowid`)
    sql.exec(`create table if not exists closings (
      one integer primary key, closed_us integer not null, told_us integer not null)`)
    const [row] = sql.exec('select closed_us, told_us from closings').toArray()
    this.#closedUs = Number(row?.['closed_us'] ?? 0) as Micros
    this.#toldUs = Number(row?.['told_us'] ?? 0) as Micros
  }

  /** Whether sums wait to be kept. */
  get isPending(): boolean {
    return this.#pendingTotals.size > 0
  }
  /** Whether so many do that they should be kept now. */
  get isFull(): boolean {
    return this.#pending.size >= MOST_PENDING
  }

  /** The hour that what is settled now belongs to: never one that is closed. */
  hourAt(nowUs: Micros): Micros {
    return Math.max(hourOf(nowUs), this.#closedUs) as Micros
  }

  /** Adds what was settled. */
  add({ hourUs, keyId, route, requests, failed, credits, over, plan }: Settled): void {
    const name = `${hourUs} ${keyId} ${route}`
    const sums = this.#pending.get(name)
    if (sums === undefined)
      this.#pending.set(name, { hourUs, keyId, route, requests, failed, credits })
    else {
      sums.requests += requests
      sums.failed += failed
      sums.credits += credits
    }
    const whole = `${hourUs} ${plan}`
    const totals = this.#pendingTotals.get(whole)
    if (totals === undefined)
      this.#pendingTotals.set(whole, { hourUs, plan, credits, overage: over, closed: false })
    else {
      totals.credits += credits
      totals.overage += over
    }
  }

  /** Keeps what is pending. */
  keep(): void {
    const usage = `insert into usage values (?, ?, ?, ?, ?, ?, 0)
      on conflict do update set requests = requests + excluded.requests,
        failed = failed + excluded.failed, credits = credits + excluded.credits, told = 0`
    for (const { hourUs, keyId, route, requests, failed, credits } of this.#pending.values())
      this.#sql.exec(usage, hourUs, keyId, route, requests, failed, credits)
    const totals = `insert into totals values (?, ?, ?, ?, 0, 0)
      on conflict do update set credits = credits + excluded.credits,
        overage = overage + excluded.overage, told = 0`
    for (const { hourUs, plan, credits, overage } of this.#pendingTotals.values())
      this.#sql.exec(totals, hourUs, plan, credits, overage)
    this.drop()
  }

  /** Forgets what is pending. */
  drop(): void {
    this.#pending.clear()
    this.#pendingTotals.clear()
  }

  /** Nothing is added any more to hours before this one; nothing may be pending. @returns before which hour all are closed */
  close(beforeUs: Micros): Micros {
    if (beforeUs <= this.#closedUs) return this.#closedUs
    const close = 'update totals set closed = 1, told = 0 where hour_us < ? and closed = 0'
    this.#sql.exec(close, beforeUs)
    this.#closedUs = beforeUs
    this.#keepMarks()
    return beforeUs
  }

  /** The first hour that is not closed; null when all are. */
  get openUs(): Micros | null {
    const query = 'select min(hour_us) as hour_us from totals where hour_us >= ? and closed = 0'
    const [row] = this.#sql.exec(query, this.#closedUs).toArray()
    const hour = row?.['hour_us'] ?? null
    return hour === null ? null : (Number(hour) as Micros)
  }

  /** What Postgres has not been told, so much as one statement bears. Of a closed hour all rows come before its total. */
  untold(): { readonly usage: UsageRow[]; readonly totals: TotalRow[] } {
    const query = (table: string) =>
      `select * from ${table} where hour_us >= ? and told = 0 order by hour_us limit ${MOST_TOLD}`
    const usage = this.#sql.exec(query('usage'), this.#toldUs).toArray().map(usageOf)
    const last = usage.length < MOST_TOLD ? Number.POSITIVE_INFINITY : (usage.at(-1)?.hourUs ?? 0)
    const totals = this.#sql.exec(query('totals'), this.#toldUs).toArray()
    const told = totals.map((row) => ({
      hourUs: Number(row['hour_us']) as Micros,
      plan: String(row['plan']),
      credits: Number(row['credits']),
      overage: Number(row['overage']),
      closed: row['closed'] === 1,
    }))
    return { usage, totals: told.filter(({ hourUs }) => hourUs < last) }
  }

  /** Postgres has these; what has grown meanwhile is to be told again. */
  told(usage: readonly UsageRow[], totals: readonly TotalRow[]): void {
    const row = `update usage set told = 1 where hour_us = ? and key_id = ? and route = ?
      and requests = ? and failed = ? and credits = ?`
    for (const { hourUs, keyId, route, requests, failed, credits } of usage)
      this.#sql.exec(row, hourUs, keyId, route, requests, failed, credits)
    const total = `update totals set told = 1 where hour_us = ? and plan = ? and credits = ?
      and overage = ? and closed = ?`
    for (const { hourUs, plan, credits, overage, closed } of totals)
      this.#sql.exec(total, hourUs, plan, credits, overage, closed ? 1 : 0)
  }

  /** Postgres has been told all before an hour, which was closed: what is of long ago is forgotten. */
  allTold(beforeUs: Micros, nowUs: Micros): void {
    if (this.#toldUs >= beforeUs) return
    this.#toldUs = beforeUs
    this.#keepMarks()
    const before = Math.min(this.#toldUs, nowUs - KEPT_US)
    for (const table of ['usage', 'totals'])
      this.#sql.exec(`delete from ${table} where hour_us < ? and told = 1`, before)
  }

  /** What was spent in hours that begin in an interval, `toUs` exclusive; nothing may be pending. */
  read(fromUs: Micros, toUs: Micros): AccountUsage {
    const query = `select * from usage where hour_us >= ? and hour_us < ? order by hour_us limit ?`
    const rows = this.#sql
      .exec(query, fromUs, toUs, MOST_ROWS + 1)
      .toArray()
      .map(usageOf)
    if (rows.length <= MOST_ROWS) return { rows, throughUs: toUs }
    const throughUs = rows.at(-1)?.hourUs ?? fromUs
    return { rows: rows.filter(({ hourUs }) => hourUs < throughUs), throughUs }
  }

  #keepMarks(): void {
    const values = [this.#closedUs, this.#toldUs]
    this.#sql.exec('insert or replace into closings values (1, ?, ?)', ...values)
  }
}

function usageOf(row: Record<string, SqlStorageValue>): UsageRow {
  return {
    hourUs: Number(row['hour_us']) as Micros,
    keyId: String(row['key_id']),
    route: String(row['route']),
    requests: Number(row['requests']),
    failed: Number(row['failed']),
    credits: Number(row['credits']),
  }
}
