import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import { Standby, type StandbyStep } from '#core/standby'
import { reasonOf } from './error-reason.ts'
import { logEvent } from './log-event.ts'
import { type Hold, type LeaseRow, readLease, takeLease } from './store/lease.ts'

export type StandbyWait = {
  /** A connection of its own, which gives an answer up sooner than the wait may stall. */
  readonly sql: Sql
  readonly slice: number
  /** This collector's name, for the row. */
  readonly holder: string
  /** The holder's name may be claimed: no process but ours can bear it. */
  readonly claims: boolean
  /** The lease text under which this process wrote before; null when it did not. */
  readonly mine: string | null
  /** An epoch that the next must follow, because shards have seen it. */
  readonly above: number
  readonly lookMs: number
  readonly takeoverMs: number
  /** We stand by: another holds the lease, or Postgres does not tell who does. */
  readonly waiting: (who: 'another' | 'untold') => void
  readonly signal: AbortSignal
}

/**
 * Waits until the lease may be taken, and takes it. While Postgres is away it goes on looking.
 * @returns the hold, or null when the signal came first
 */
export async function waitForLease(wait: StandbyWait): Promise<Hold | null> {
  const { slice, mine, holder, claims, takeoverMs } = wait
  const lease = randomUUID()
  const rule = new Standby({ takeoverMs, mine, claim: claims ? holder : null })
  const seen = { holder: '', away: false }
  while (!wait.signal.aborted) {
    try {
      const row = await readLease(wait.sql, slice)
      // A take whose answer never came was done after all.
      if (row?.lease === lease) return { slice, epoch: row.epoch, lease }
      const step = rule.saw(row, performance.now())
      if (step.kind === 'take') {
        const hold = await take(wait, lease, row, step)
        if (hold !== null) return hold
      }
      if (row !== null) tellWho(row, seen)
      seen.away = false
      wait.waiting('another')
    } catch (error) {
      rule.missed()
      if (!seen.away) logEvent('lease_unreadable', { reason: reasonOf(error) })
      seen.away = true
      wait.waiting('untold')
    }
    await sleep(wait.lookMs, null, { signal: wait.signal }).catch(() => {})
  }
  return null
}

async function take(
  { sql, slice, holder, above }: StandbyWait,
  lease: string,
  row: LeaseRow | null,
  { why }: Extract<StandbyStep, { kind: 'take' }>,
): Promise<Hold | null> {
  // Our own is being renewed all the while.
  const found = row && { lease: row.lease, renewedAt: why === 'mine' ? null : row.renewedAt }
  const claim = { slice, lease, holder, nowMs: Date.now(), found, above }
  const taken = await takeLease(sql, claim)
  if (taken === 'taken_by_another') {
    logEvent('lease_taken_by_another')
    return null
  }
  logEvent('lease_taken', { epoch: taken.epoch, why, from: row?.holder ?? null })
  return taken
}

function tellWho(row: LeaseRow, seen: { holder: string }): void {
  if (row.holder !== seen.holder) logEvent('standing_by', { holder: row.holder, epoch: row.epoch })
  seen.holder = row.holder
}
