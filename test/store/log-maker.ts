import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import {
  type BookRecord,
  type EndReason,
  type GapCause,
  type Level,
  type Seq,
  type Side,
  type SnapshotReason,
  seqOf,
} from '#core/log'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'
import type { Hold } from '../../collector/store/lease.ts'
import { writeBatch } from './write-batch.ts'

/** Writes one market's log by hand, as a dumb collector would: plain Maps, no `core/book`. */
export class LogMaker {
  readonly records: BookRecord[] = []
  readonly marketId: number
  #hold: Hold
  #n: number
  #last: Seq | null
  #levels = { yes: new Map<number, number>(), no: new Map<number, number>() }

  constructor(marketId: number, hold: Hold, n = 0, last: Seq | null = null) {
    this.marketId = marketId
    this.#hold = hold
    this.#n = n
    this.#last = last
  }

  snapshot(recv: Micros, yes: [number, number][], no: [number, number][], why: SnapshotReason) {
    this.#levels = { yes: new Map(yes), no: new Map(no) }
    const ladders = { yes: ladder(this.#levels.yes), no: ladder(this.#levels.no) }
    return this.#add({
      kind: 'snapshot',
      seq: this.#seq(),
      recv,
      event: null,
      reason: why,
      ...ladders,
    })
  }

  delta(recv: Micros, side: Side, price: number, change: number) {
    const size = (this.#levels[side].get(price) ?? 0) + change
    this.#levels[side].set(price, size)
    return this.#add({
      kind: 'delta',
      seq: this.#seq(),
      recv,
      event: (recv - 300) as Micros,
      side,
      price: price as Price,
      change: change as SizeChange,
      size: size as Size,
    })
  }

  gap(recv: Micros, from: Micros, cause: GapCause) {
    const prevSeq = this.#last
    return this.#add({ kind: 'gap', seq: this.#seq(), recv, event: null, cause, from, prevSeq })
  }

  end(recv: Micros, reason: EndReason) {
    return this.#add({ kind: 'end', seq: this.#seq(), recv, event: null, reason })
  }

  /** The size of a level now; 0 when there is none. */
  size(side: Side, price: number): number {
    return this.#levels[side].get(price) ?? 0
  }

  /** Stores everything made so far, in batches, with the watermark at the last record. */
  async store(sql: Sql, watermarkUs: Micros, batch = 100): Promise<void> {
    for (let i = 0; i < Math.max(1, this.records.length); i += batch) {
      const part = this.records.slice(i, i + batch)
      const last = i + batch >= this.records.length
      const records = part.map((record) => ({ marketId: this.marketId, record }))
      const through = last ? watermarkUs : (((part[0]?.recv ?? watermarkUs) - 1) as Micros)
      const given = { ...this.#hold, records, watermarkUs: through, alive: [] }
      if ((await writeBatch(sql, given)) !== 'written') throw new Error('the lease was lost')
    }
  }

  #seq(): Seq {
    const seq = seqOf(this.#hold.epoch, this.#n)
    this.#n += 1
    this.#last = seq
    return seq
  }

  #add<Kind extends BookRecord>(record: Kind): Kind {
    this.records.push(record)
    return record
  }
}

function ladder(levels: Map<number, number>): Level[] {
  return [...levels].toSorted(([a], [b]) => b - a) as unknown as Level[]
}
