import type { Micros } from '#core/instant'
import {
  type BookRecord,
  type EndReason,
  type Epoch,
  GAP_CAUSES,
  type GapCause,
  type Level,
  type Seq,
  type Side,
  type SnapshotReason,
} from '#core/log'
import type { Price } from '#core/price'
import type { Size, SizeChange } from '#core/size'
import type { Dice } from './dice.ts'

/** An epoch of the slice: from when it writes, how far it is recorded, and when the next one took over. µs. */
export type Lease = {
  readonly epoch: Epoch
  readonly opened: Micros
  readonly through: Micros
  readonly until: Micros
}

/** What a market is like. */
export type Character = {
  /** µs between two records: each time less than one of these. */
  readonly paces: readonly number[]
  /** Records in an epoch, at most. */
  readonly records: number
  /** The step of its prices, millionths of a dollar. */
  readonly tick: number
  /** Levels of a side of a snapshot: one of these. */
  readonly levels: readonly number[]
  /** How often something other than a delta happens. */
  readonly unrest: number
  readonly ends: EndReason | null
}

type Standing = 'new' | 'known' | 'unknown' | EndReason
type Levels = { readonly [side in Side]: Map<number, number> }

const CAUSES = GAP_CAUSES.filter((cause) => cause !== 'epoch')

/** Makes up one market's log, epoch after epoch, with plain Maps for its book. */
export class MarketStory {
  readonly records: BookRecord[] = []
  readonly #dice: Dice
  readonly #character: Character
  readonly #prices: readonly number[]
  #standing: Standing = 'new'
  #levels: Levels = { yes: new Map(), no: new Map() }
  #lease: Lease
  #n = 0
  #now: number
  #lastCause: GapCause = 'cut'

  constructor(dice: Dice, character: Character, first: Lease) {
    this.#dice = dice
    this.#character = character
    this.#lease = first
    this.#now = first.opened
    const steps = 1_000_000 / character.tick - 1
    this.#prices = Array.from({ length: 40 }, () => dice.between(1, steps) * character.tick)
  }

  /** Lets an epoch pass. A log that the one before left open begins it with a gap. */
  live(lease: Lease, begins: number): void {
    this.#lease = lease
    this.#n = 0
    this.#now = Math.max(lease.opened, this.#now)
    if (this.#standing === 'known' || this.#standing === 'unknown') this.#takeOver()
    if (this.#standing === 'settled') return
    if (this.#standing === 'deselected') this.#standing = 'new'
    this.#now += begins
    for (let made = 0; made < this.#character.records; made++) {
      this.#now += this.#step()
      if (this.#now > lease.until - 1000) return
      this.#happen()
    }
  }

  /** Ends the log, if it has begun. A market that is deselected is unknown from then on. */
  end(reason: EndReason): void {
    if (this.#standing !== 'known' && this.#standing !== 'unknown') return
    if (reason === 'deselected' && this.#standing === 'known') this.#gap('cut', this.#now)
    const event = this.#dice.chance(0.5) ? ((this.#now - 250) as Micros) : null
    this.#add({ kind: 'end', ...this.#stamp(event), reason })
    this.#standing = reason
  }

  #happen(): void {
    switch (this.#standing) {
      case 'new':
        this.#snapshot('first')
        break
      case 'unknown':
        this.#snapshot(this.#lastCause === 'epoch' ? 'epoch' : 'gap')
        break
      case 'deselected':
        // Taken up again after a while, in the same epoch.
        if (this.#dice.chance(0.3)) this.#gap('cut', this.records.at(-1)?.recv)
        break
      case 'known':
        if (this.#dice.chance(this.#character.unrest)) this.#stir()
        else this.#delta()
        break
      case 'settled':
        break
    }
  }

  #stir(): void {
    const { ends } = this.#character
    if (ends !== null && this.#dice.chance(0.15)) this.end(ends)
    else if (this.#dice.chance(0.5)) this.#snapshot(this.#dice.pick(['exchange', 'check']))
    else this.#gap(this.#dice.pick(CAUSES))
  }

  /** The gap with which an epoch begins, at its very opening. */
  #takeOver(): void {
    const last = this.records.at(-1)?.recv ?? this.#now
    this.#now = Math.max(this.#lease.opened, last)
    const from = last + this.#dice.below(this.#lease.opened - last)
    const first = this.records[0]?.recv ?? last
    this.#gap('epoch', this.#dice.chance(0.2) ? Math.max(first, last - 5) : from)
  }

  #gap(cause: GapCause, since?: number): void {
    const prevSeq = this.records.at(-1)?.seq ?? null
    const from = (since ?? this.#vouched(cause)) as Micros
    this.#add({ kind: 'gap', ...this.#stamp(null), cause, from, prevSeq })
    this.#standing = 'unknown'
    this.#lastCause = cause
  }

  /** The last moment at which the book could be vouched for: now, some time ago, or before much that was stored since. */
  #vouched(cause: GapCause): number {
    const start = this.records.findLastIndex(({ kind }) => kind === 'snapshot')
    const known = this.records.slice(Math.max(0, start))
    if (cause === 'mismatch') return this.#dice.pick(known).recv
    const last = this.records.at(-1)?.recv ?? this.#now
    return this.#dice.pick([this.#now, last, Math.min(this.#now, last + 1)])
  }

  #snapshot(reason: SnapshotReason): void {
    const side = () => {
      const many = this.#dice.pick(this.#character.levels)
      return new Map(
        Array.from({ length: many }, () => [this.#dice.pick(this.#prices), this.#size()] as const),
      )
    }
    this.#levels = { yes: side(), no: side() }
    const ladders = { yes: ladder(this.#levels.yes), no: ladder(this.#levels.no) }
    this.#add({ kind: 'snapshot', ...this.#stamp(null), reason, ...ladders })
    this.#standing = 'known'
  }

  #delta(): void {
    const event = this.#dice.chance(0.05) ? null : ((this.#now - this.#dice.below(9000)) as Micros)
    // An amend is two changes of one moment.
    for (let left = this.#dice.chance(0.1) ? 2 : 1; left > 0; left--) {
      const side = this.#dice.pick(['yes', 'no'] as const)
      const there = [...this.#levels[side].keys()]
      const price = there.length > 0 && this.#dice.chance(0.6) ? this.#dice.pick(there) : null
      this.#change(side, price ?? this.#dice.pick(this.#prices), event)
    }
  }

  #change(side: Side, price: number, event: Micros | null): void {
    const before = this.#levels[side].get(price) ?? 0
    const after = before > 0 && this.#dice.chance(0.4) ? 0 : this.#size()
    if (after === 0) this.#levels[side].delete(price)
    else this.#levels[side].set(price, after)
    const numbers = { price: price as Price, change: (after - before) as SizeChange }
    this.#add({ kind: 'delta', ...this.#stamp(event), side, ...numbers, size: after as Size })
  }

  #step(): number {
    if (this.#dice.chance(0.1)) return this.#dice.below(2)
    return this.#dice.below(this.#dice.pick(this.#character.paces))
  }

  #size(): number {
    return this.#dice.between(1, this.#dice.pick([9, 500, 70_000, 900_000_000]))
  }

  #stamp<Event extends Micros | null>(event: Event) {
    const seq = (this.#lease.epoch * 2 ** 32 + this.#n) as Seq
    return { seq, recv: this.#now as Micros, event }
  }

  #add(record: BookRecord): void {
    this.records.push(record)
    this.#n += 1
  }
}

function ladder(levels: ReadonlyMap<number, number>): Level[] {
  return [...levels].toSorted(([a], [b]) => b - a) as unknown as Level[]
}
