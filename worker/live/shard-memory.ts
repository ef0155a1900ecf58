import type { Holder } from '#core/fence'
import type { Epoch } from '#core/log'

/** What a shard must not forget of its collector: the highest that it accepted, and when one was last there. */
export class ShardMemory {
  readonly #sql: SqlStorage
  #highest: Holder | null = null
  #provenMs: number | null = null

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(
      'create table if not exists holder (id integer primary key, epoch integer, lease text)',
    )
    sql.exec('create table if not exists proven (id integer primary key, ms integer)')
    for (const row of sql.exec('select epoch, lease from holder where id = 0')) {
      this.#highest = { epoch: Number(row['epoch']) as Epoch, lease: String(row['lease']) }
    }
    for (const row of sql.exec('select ms from proven where id = 0')) {
      this.#provenMs = Number(row['ms'])
    }
  }

  get highest(): Holder | null {
    return this.#highest
  }
  /** Up to when all that a collector had heard is known to have come, ms, at the latest; null before the first. */
  get provenMs(): number | null {
    return this.#provenMs
  }

  /** Keeps the collector that was accepted. */
  accept(holder: Holder): void {
    if (holder.epoch === this.#highest?.epoch && holder.lease === this.#highest.lease) return
    this.#highest = holder
    this.#sql.exec('insert or replace into holder values (0, ?, ?)', holder.epoch, holder.lease)
  }

  /** Keeps up to when all has come; nothing to keep when that is not known. */
  prove(ms: number | null): void {
    if (ms === null) return
    this.#provenMs = Math.floor(ms)
    this.#sql.exec('insert or replace into proven values (0, ?)', this.#provenMs)
  }
}
