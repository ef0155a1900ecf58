import { addColumn } from './add-column.ts'

/** A stream that was opened. */
export type Lease = {
  readonly lease: string
  readonly keyId: string
  /** Leases are numbered as they are opened. */
  readonly opened: number
  readonly openedMs: number
  /** The ticker of the market whose object holds it; null for the Gateway, which holds any number of them. */
  readonly holder: string | null
  readonly seenMs: number
  /** Credits that were charged for it. */
  readonly charged: number
  /** Markets that it followed when it was seen; null where nobody told. */
  readonly markets: number | null
  readonly state: 'open' | 'closed' | 'ended'
}

const STATES = ['open', 'closed', 'ended'] as const
/** What an ended lease was charged is known for so long (ms), and what one that vanished was. */
const ENDED_MS = 3_600_000
const VANISHED_MS = 7 * 86_400_000

/** The streams of an account: those that are open, and what those were charged that may be heard of again. */
export class LeaseMemory {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`create table if not exists held_streams (
      lease text primary key, key_id text not null, opened integer not null,
      opened_ms integer not null, holder text, seen_ms integer not null, charged integer not null, state integer not null) without rowid`)
    addColumn(sql, 'held_streams', 'markets integer')
  }

  find(lease: string): Lease | null {
    const [row] = this.#sql.exec('select * from held_streams where lease = ?', lease).toArray()
    return row === undefined ? null : leaseOf(row)
  }

  keep(kept: Lease): void {
    const { lease, keyId, opened, openedMs, holder, seenMs, charged, state, markets } = kept
    const values = [lease, keyId, opened, openedMs, holder, seenMs, charged, STATES.indexOf(state)]
    const insert = 'insert or replace into held_streams values (?, ?, ?, ?, ?, ?, ?, ?, ?)'
    this.#sql.exec(insert, ...values, markets)
  }

  /** The numbers of the leases that are open and were seen since. */
  open(sinceMs: number): number[] {
    const query = 'select opened from held_streams where state = 0 and seen_ms > ? order by opened'
    return this.#sql
      .exec(query, sinceMs)
      .toArray()
      .map((row) => Number(row['opened']))
  }

  /** Open leases that were opened and seen between two moments (ms), those seen longest ago first; `most` of them. */
  oldest(sinceMs: number, untilMs: number, most: number): Lease[] {
    const query = `select * from held_streams
      where state = 0 and seen_ms > ? and opened_ms <= ? order by seen_ms limit ?`
    return this.#sql.exec(query, sinceMs, untilMs, most).toArray().map(leaseOf)
  }

  /** The number of the next lease. */
  next(): number {
    const { last } = this.#sql.exec('select max(opened) as last from held_streams').one()
    return Number(last ?? 0) + 1
  }

  /** Forgets what nobody tells of any more. */
  forget(nowMs: number): void {
    const old = 'delete from held_streams where seen_ms < ? or (state = 2 and seen_ms < ?)'
    this.#sql.exec(old, nowMs - VANISHED_MS, nowMs - ENDED_MS)
  }
}

function leaseOf(row: Record<string, SqlStorageValue>): Lease {
  return {
    lease: String(row['lease']),
    keyId: String(row['key_id']),
    opened: Number(row['opened']),
    openedMs: Number(row['opened_ms']),
    holder: row['holder'] === null ? null : String(row['holder']),
    seenMs: Number(row['seen_ms']),
    charged: Number(row['charged']),
    markets: row['markets'] === null ? null : Number(row['markets']),
    state: STATES[Number(row['state'])] ?? 'ended',
  }
}
