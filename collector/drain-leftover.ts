import type { Sql } from 'postgres'
import { Leftover } from '#core/leftover'
import type { Epoch } from '#core/log'
import type { Clock } from './clock.ts'
import { logEvent } from './log-event.ts'
import type { Spool } from './spool/spool.ts'
import { writeEntries } from './store/entries.ts'
import { type Hold, underLease } from './store/lease.ts'
import { closeFilledGaps, knownEpochs, leftoverTails, shortenGaps } from './store/leftover-tails.ts'
import type { MarketIds } from './store/market-ids.ts'

/** Entries in one transaction. */
const BATCH = 5000

/**
 * Stores what an earlier epoch of this collector left in its spool, under the new lease and before its epoch opens. Where
 * another collector wrote meanwhile, it only fills the gap that the takeover left. Throws as Postgres and the spool do;
 * then it may be done again.
 */
export async function drainLeftover(
  sql: Sql,
  hold: Hold,
  spool: Pick<Spool, 'read' | 'drained' | 'rewind'>,
  ids: MarketIds,
  clock: Clock,
): Promise<'drained' | 'lease_lost'> {
  spool.rewind()
  const leftover = new Leftover(await knownEpochs(sql, hold.slice))
  let epoch: Epoch | null = null
  let stored = 0
  for (let batch = await spool.read(BATCH); batch !== null; batch = await spool.read(BATCH)) {
    if (batch.lost) leftover.lost()
    epoch ??= Leftover.epoch(batch.entries)
    if (epoch !== null) {
      const tails = await leftoverTails(sql, epoch, leftover.unknown(batch.entries))
      for (const [market, tail] of tails) leftover.tail(market, tail)
    }
    const entries = leftover.readable(batch.entries)
    const written = await writeEntries(sql, hold, ids, entries, clock())
    if (written === 'lease_lost') return written
    stored += written.length
    if (epoch !== null && written.some(({ record }) => record.kind === 'gap')) {
      const [of] = [epoch]
      const closed = await underLease(sql, hold, (tx) => closeFilledGaps(tx, of))
      if (closed === 'lease_lost') return closed
    }
    await spool.drained(batch.position)
  }
  const { through, broken, refused } = leftover
  if (epoch !== null && through !== null) {
    const [of, broke] = [epoch, broken]
    const shortened = await underLease(sql, hold, (tx) => shortenGaps(tx, of, through, broke))
    if (shortened === 'lease_lost') return shortened
  }
  if (epoch !== null) logEvent('leftover_stored', { epoch, records: stored, refused })
  return 'drained'
}
