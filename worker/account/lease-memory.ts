/** A stream that was opened. */
export type Lease = {
  readonly lease: string
  readonly keyId: string
  /** Leases are numbered as they are opened. */
  readonly opened: number
  readonly openedMs: number
  readonly seenMs: number
  /** Credits that were charged for it. */
  readonly charged: number
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
    sql.exec(`create table if not exists streams (
      lease text primary key, key_id text not null, opened integer not null,
      opened_ms integer not null, seen_ms integer not null, charged integer not null, state integer not null) without rowid`)
  }

  find(lease: string): Lease | null {
    const [row] = this.#sql.exec('select * from streams where lease = ?', lease).toArray()
    if (row === undefined) return null
    return {
      lease,
      keyId: String(row['key_id']),
      opened: Number(row['opened']),
      openedMs: Number(row['opened_ms']),
      seenMs: Number(row['seen_ms']),
      charged: Number(row['charged']),
      state: STATES[Number(row['state'])] ?? 'ended',
    }
  }

  keep({ lease, keyId, opened, openedMs, seenMs, charged, state }: Lease): void {
    const values = [lease, keyId, opened, openedMs, seenMs, charged, STATES.indexOf(state)]
    this.#sql.exec('insert or replace into streams values (?, ?, ?, ?, ?, ?, ?)', ...values)
  }

  /** The numbers of the leases that are open and were seen since. */
  open(sinceMs: number): number[] {
    const query = 'select opened from streams where state = 0 and seen_ms > ? order by opened'
    return this.#sql
      .exec(query, sinceMs)
      .toArray()
      .map((row) => Number(row['opened']))
  }

  /** The number of the next lease. */
  next(): number {
    const { last } = this.#sql.exec('select max(opened) as last from streams').one()
    return Number(last ?? 0) + 1
  }

  /** Forgets what nobody tells of any more. */
  forget(nowMs: number): void {
    const old = 'delete from streams where seen_ms < ? or (state = 2 and seen_ms < ?)'
    this.#sql.exec(old, nowMs - VANISHED_MS, nowMs - ENDED_MS)
  }
}
