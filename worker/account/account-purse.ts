import { creditsLeft, overPart, type Spent } from '#core/allowance'
import type { Micros } from '#core/instant'
import type { Terms } from '#core/terms'

type OfKey = { used: number; held: number }

/** The credits of a period: what was settled, what is reserved, in all and by key. Its sums are kept when they are folded. */
export class Purse {
  readonly #sql: SqlStorage
  readonly #keys = new Map<string, OfKey>()
  #fromUs: Micros
  #used = 0
  #over = 0
  #held = 0

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`create table if not exists periods (
      one integer primary key, from_us integer not null, used integer not null, over integer not null)`)
    sql.exec(
      'create table if not exists key_periods (key_id text primary key, used integer not null)',
    )
    const [row] = sql.exec('select from_us, used, over from periods').toArray()
    this.#fromUs = Number(row?.['from_us'] ?? 0) as Micros
    this.#used = Number(row?.['used'] ?? 0)
    this.#over = Number(row?.['over'] ?? 0)
    for (const each of sql.exec('select key_id, used from key_periods'))
      this.#of(String(each['key_id'])).used = Number(each['used'])
  }

  /** The begin of the period that is counted. */
  get fromUs(): Micros {
    return this.#fromUs
  }
  get spent(): Spent {
    return { used: this.#used, over: this.#over, held: this.#held }
  }

  /** A period has begun: what is reserved counts in it, as it will be settled in it. Time never goes back. */
  roll(fromUs: Micros): void {
    if (fromUs <= this.#fromUs) return
    this.#fromUs = fromUs
    this.#used = 0
    this.#over = 0
    for (const [id, key] of this.#keys) {
      key.used = 0
      if (key.held === 0) this.#keys.delete(id)
    }
  }

  /** The credits that may still be reserved. */
  left({ included, overage }: Terms): number {
    return creditsLeft(this.spent, included, overage)
  }

  /** The credits that a key may still reserve under its cap. */
  leftOfKey(keyId: string, cap: number | null): number {
    if (cap === null) return Number.POSITIVE_INFINITY
    const { used, held } = this.#keys.get(keyId) ?? { used: 0, held: 0 }
    return Math.max(0, cap - used - held)
  }

  usedByKey(keyId: string): number {
    return this.#keys.get(keyId)?.used ?? 0
  }

  /** Reserves credits; fewer than 0 are free again. */
  hold(keyId: string, credits: number): void {
    if (credits === 0) return
    this.#held += credits
    this.#of(keyId).held += credits
  }

  /** The part of credits that are to be settled now which goes beyond the included ones. */
  overPart(credits: number, { included, overage }: Terms): number {
    return overPart(this.spent, included, overage, credits)
  }

  /** Counts credits that were settled. */
  add(keyId: string, credits: number, over: number): void {
    if (credits === 0) return
    this.#used += credits
    this.#over += over
    this.#of(keyId).used += credits
  }

  /** Keeps the sums. */
  keep(): void {
    const [row] = this.#sql.exec('select from_us from periods').toArray()
    if (row?.['from_us'] !== this.#fromUs) this.#sql.exec('delete from key_periods')
    const values = [this.#fromUs, this.#used, this.#over]
    this.#sql.exec('insert or replace into periods values (1, ?, ?, ?)', ...values)
    const keep = `insert into key_periods values (?, ?)
      on conflict (key_id) do update set used = excluded.used where used <> excluded.used`
    for (const [id, { used }] of this.#keys) if (used > 0) this.#sql.exec(keep, id, used)
  }

  #of(keyId: string): OfKey {
    const known = this.#keys.get(keyId)
    if (known !== undefined) return known
    const made = { used: 0, held: 0 }
    this.#keys.set(keyId, made)
    return made
  }
}
