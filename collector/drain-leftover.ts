import type { Sql } from 'postgres'
import type { Entry } from '#core/entry'
import type { Micros } from '#core/instant'
import { byEpoch, Leftover, type StoredEpoch } from '#core/leftover'
import type { Epoch } from '#core/log'
import { receivedAt } from '#core/received-at'
import { STAMPED_BACK_US } from '#core/recv-stamp'
import type { Clock } from './clock.ts'
import { logEvent } from './log-event.ts'
import { SparingWriter } from './sparing-writer.ts'
import type { Spool } from './spool/spool.ts'
import type { Position } from './spool/spool-position.ts'
import { writeEntries } from './store/entries.ts'
import { type Hold, underLease } from './store/lease.ts'
import { closeFilledGaps, leftoverTails, shortenGaps, storedEpoch } from './store/leftover-tails.ts'
import type { MarketIds } from './store/market-ids.ts'
import { storeMarks } from './store/marks.ts'

/** Entries in one transaction. */
const BATCH = 5000

export type DrainOptions = {
  readonly sql: Sql
  /** The lease, taken; its epoch is not open yet. */
  readonly hold: Hold
  readonly spool: Pick<Spool, 'read' | 'drained' | 'rewind'>
  readonly ids: MarketIds
  readonly clock: Clock
  /** Hears of each entry that could not be stored. */
  readonly refused: (entry: Entry) => void
  /** Entries in one transaction, when not the usual number. */
  readonly batch?: number
}

/** What became of the leftover of one epoch. */
export type DrainedEpoch = {
  readonly epoch: Epoch
  /** Whether the store knows the epoch; one restored from before it takes none of its books. */
  readonly known: boolean
  /** Book records that were stored. */
  readonly records: number
  /** Book records that were left out although nobody else tells them. */
  readonly refused: number
  /** Markets whose records do not follow the store's: they are left alone. */
  readonly holes: number
  /** Until when the leftover tells everything; null when it does not. */
  readonly through: Micros | null
}

/**
 * Stores what an earlier epoch of this collector left in its spool, under the new lease and before its epoch opens. Where
 * another collector wrote meanwhile, it only fills the gap that the takeover left. The spool forgets it when all is done;
 * whatever it throws, as Postgres and the spool do, it may be done again.
 */
export async function drainLeftover(
  options: DrainOptions,
): Promise<readonly DrainedEpoch[] | 'lease_lost'> {
  const { spool, batch: most = BATCH } = options
  const drain = new LeftoverDrain(options)
  let position: Position | null = null
  spool.rewind()
  for (let batch = await spool.read(most); batch !== null; batch = await spool.read(most)) {
    if (batch.lost) drain.lost()
    if ((await drain.take(batch.entries)) === 'lease_lost') return 'lease_lost'
    position = batch.position
  }
  if ((await drain.finish()) === 'lease_lost') return 'lease_lost'
  if (position !== null) await spool.drained(position)
  return drain.drained
}

/** What is left of one epoch. */
type Current = {
  readonly epoch: Epoch
  readonly stored: StoredEpoch | null
  readonly leftover: Leftover
  records: number
}

class LeftoverDrain {
  readonly drained: DrainedEpoch[] = []
  readonly #options: DrainOptions
  readonly #writer: SparingWriter
  #current: Current | null = null
  #lost = false

  constructor(options: DrainOptions) {
    this.#options = options
    const { sql, hold, ids, clock, refused } = options
    this.#writer = new SparingWriter({
      write: (entries) => writeEntries(sql, hold, ids, entries, clock()),
      refused,
      clock,
    })
  }

  /** Part of the spool before what comes could not be read. */
  lost(): void {
    this.#lost = true
    this.#current?.leftover.lost()
  }

  /** Stores of the next entries what may be stored; all that tells no book is. */
  async take(entries: readonly Entry[]): Promise<'taken' | 'lease_lost'> {
    for (const part of byEpoch(entries, this.#current?.epoch ?? null)) {
      if (part.epoch !== null && part.epoch !== this.#current?.epoch) {
        if ((await this.finish()) === 'lease_lost') return 'lease_lost'
        this.#current = await this.#begin(part.epoch)
      }
      const readable =
        this.#current === null ? part.entries : await this.#readable(this.#current, part.entries)
      const written = await this.#writer.write(readable)
      if (typeof written === 'string') return 'lease_lost'
      if (this.#current !== null) this.#current.records += written.length
    }
    return 'taken'
  }

  /** Tells the store how far it now knows the epoch that was read last. */
  async finish(): Promise<'finished' | 'lease_lost'> {
    if (this.#current === null) return 'finished'
    const { epoch, stored, leftover, records } = this.#current
    if ((await this.#tell(epoch, stored, leftover)) === 'lease_lost') return 'lease_lost'
    const { refused, holes } = leftover
    const through = leftover.through?.through ?? null
    const told = { epoch, known: stored !== null, records, refused, holes, through }
    logEvent(told.known ? 'leftover_stored' : 'leftover_of_unknown_epoch', told)
    this.drained.push(told)
    this.#current = null
    return 'finished'
  }

  async #begin(epoch: Epoch): Promise<Current> {
    const { sql, hold } = this.#options
    const stored = await storedEpoch(sql, hold.slice, epoch)
    return { epoch, stored, leftover: new Leftover(epoch, stored, this.#lost), records: 0 }
  }

  async #readable(
    { epoch, stored, leftover }: Current,
    entries: readonly Entry[],
  ): Promise<readonly Entry[]> {
    const unknown = leftover.unknown(entries)
    if (stored !== null && unknown.size > 0) {
      const first = entries.find((entry) => entry.kind === 'record')
      // Frames that are stamped back may come first.
      const from = Math.max(0, ((first && receivedAt(first)) ?? 0) - STAMPED_BACK_US) as Micros
      const tails = await leftoverTails(this.#options.sql, epoch, stored, unknown, from)
      for (const [market, tail] of tails) leftover.tail(market, tail)
    }
    return leftover.readable(entries)
  }

  async #tell(
    epoch: Epoch,
    stored: StoredEpoch | null,
    { through, vouched, filled }: Leftover,
  ): Promise<'told' | 'lease_lost'> {
    if (stored === null) return 'told'
    const { sql, hold } = this.#options
    const { next } = stored
    return underLease(sql, hold, async (tx) => {
      if (next === null) {
        if (through !== null) await storeMarks(tx, hold.slice, [through])
        return 'told' as const
      }
      await closeFilledGaps(tx, epoch, next)
      await shortenGaps(tx, epoch, next, vouched, filled)
      return 'told' as const
    })
  }
}
