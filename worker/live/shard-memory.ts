import type { Holder } from '#core/fence'
import type { Epoch } from '#core/log'
import type { Ticker } from '#core/ticker'

/** What a shard must not forget: the highest collector it accepted, and who is watched. */
export class ShardMemory {
  readonly #sql: SqlStorage
  #highest: Holder | null = null
  /** Watched markets; true for those that have subscribers. */
  readonly #watched = new Map<Ticker, boolean>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(
      'create table if not exists holder (id integer primary key, epoch integer, lease text)',
    )
    sql.exec('create table if not exists watched (market text primary key, listened integer)')
    for (const row of sql.exec('select epoch, lease from holder where id = 0')) {
      this.#highest = { epoch: Number(row['epoch']) as Epoch, lease: String(row['lease']) }
    }
    for (const row of sql.exec('select market, listened from watched')) {
      this.#watched.set(String(row['market']) as Ticker, row['listened'] === 1)
    }
  }

  get highest(): Holder | null {
    return this.#highest
  }
  get watched(): Ticker[] {
    return [...this.#watched.keys()]
  }
  get listened(): Ticker[] {
    return this.watched.filter((market) => this.#watched.get(market))
  }

  /** Keeps the collector that was accepted. */
  accept(holder: Holder): void {
    if (holder.epoch === this.#highest?.epoch && holder.lease === this.#highest.lease) return
    this.#highest = holder
    this.#sql.exec('insert or replace into holder values (0, ?, ?)', holder.epoch, holder.lease)
  }

  /**
   * Notes that a market is watched, and whether by subscribers; writes only what changes.
   * @returns whether it was not watched before
   */
  watch(market: Ticker, listened: boolean): boolean {
    const before = this.#watched.get(market)
    if (before === listened) return false
    this.#watched.set(market, listened)
    this.#sql.exec('insert or replace into watched values (?, ?)', market, listened ? 1 : 0)
    return before === undefined
  }
}
