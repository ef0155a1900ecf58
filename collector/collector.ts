import type { Sql } from 'postgres'
import type { Epoch } from '#core/log'
import type { AsideFrame } from './aside.ts'
import { type Clock, startClock } from './clock.ts'
import type { CollectorConfig } from './config.ts'
import { drainLeftover } from './drain-leftover.ts'
import { EpochRun } from './epoch-run.ts'
import type { KalshiRest } from './kalshi-rest.ts'
import { logEvent } from './log-event.ts'
import type { Metrics } from './metrics.ts'
import { openLogs } from './open-logs.ts'
import type { Spool } from './spool/spool.ts'
import type { SpoolValve } from './spool-valve.ts'
import type { Hold } from './store/lease.ts'
import { MarketIds } from './store/market-ids.ts'
import { openEpoch } from './store/open-epoch.ts'
import { makePartitions } from './store/partitions.ts'
import { openHoles } from './store/trades.ts'
import { wallMicros } from './wall-micros.ts'

/** How the collector does, for whoever started it. */
export type CollectorStatus = {
  readonly markets: number
  readonly known: number
  readonly frames: number
  readonly lagP50Ms: number | null
  readonly lagP99Ms: number | null
  /** How far the store's record is behind the clock. */
  readonly recordLagMs: number | null
  /** Entries that wait for Postgres, about. */
  readonly waiting: number
  /** Bytes that wait for Postgres, on the disk and in memory. */
  readonly spoolBytes: number
  readonly gaps: number
  readonly malformed: number
  readonly unknown: number
  readonly reconnects: number
  readonly watched: number
  readonly shards: number
  /** Records that were stored since the epoch opened. */
  readonly stored: number
  /** Books that were held against the exchange's REST answer, and those found wrong. */
  readonly checked: number
  readonly wrong: number
}

/** Why an epoch cannot go on. */
export type EpochEnd =
  /** Another collector took the slice. */
  | { readonly kind: 'lease_lost' }
  /** A shard has seen this epoch or a later one of another lease: the store is older than the shards. */
  | { readonly kind: 'superseded'; readonly highest: number }
  /** The machine slept: receive times would be wrong for hours. */
  | { readonly kind: 'clock_strayed' }
  /** What was spooled can no longer be read, or cannot be stored whatever is tried. */
  | { readonly kind: 'unstorable'; readonly reason: string }

export type Collector = {
  readonly epoch: Epoch
  readonly status: () => CollectorStatus
  /** The full checksum of every market's book, null while it is not known. */
  readonly checksums: () => Record<string, number | null>
  /** The newest frames that could not be used. */
  readonly aside: () => readonly AsideFrame[]
  /** Drains what was read, commits the last watermark and rests. */
  readonly stop: () => Promise<void>
}

export type CollectorOptions = {
  readonly config: CollectorConfig
  readonly sql: Sql
  readonly rest: KalshiRest
  readonly metrics: Metrics
  readonly spool: Spool
  readonly valve: SpoolValve
  /** The lease, taken; somebody else renews it. */
  readonly hold: Hold
  /** Hears once why the epoch cannot go on; the collector is then to be stopped. */
  readonly over: (end: EpochEnd) => void
  /** The machine's time of day, in whole milliseconds. */
  readonly wall?: Clock
}

/** Opens an epoch under a lease that is held, and records. */
export type StartCollector = (given: Pick<CollectorOptions, 'hold' | 'over'>) => Promise<Collector>

/**
 * Starts recording under a lease that is held: stores what an earlier epoch left in the spool, opens the epoch, connects.
 * Throws when the exchange's lists or Postgres cannot be had, and LeaseLostError.
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { sql, hold, spool, metrics, wall = wallMicros } = options
  const ids = new MarketIds(sql)
  await makePartitions(sql, wall())
  const refused = () => metrics.setAside('unstorable')
  const drained = await drainLeftover({ sql, hold, spool, ids, clock: wall, refused })
  if (drained === 'lease_lost') throw new LeaseLostError('while the leftover was stored')
  const opened = await openEpoch(sql, hold, wall())
  if (opened === 'lease_lost') throw new LeaseLostError('before the epoch was open')
  const { logs, openings } = await openLogs(hold.epoch, opened, ids)
  logEvent('epoch_opened', { epoch: hold.epoch, continued: logs.size })
  const tradeHoles = await openHoles(sql)
  const tradesThrough = opened.recordedThrough
  const clocks = startClock(opened.openedUs, wall)
  const over = once(options.over)
  const run = new EpochRun({ ...options, over, ...clocks, ids, logs, tradeHoles, tradesThrough })
  try {
    await run.start(openings)
  } catch (error) {
    await run.stop('as it is')
    throw error
  }
  return run
}

/** An epoch that is over for one reason is soon over for others, which say nothing more. */
function once(over: (end: EpochEnd) => void): (end: EpochEnd) => void {
  let told = false
  return (end) => {
    if (!told) over(end)
    told = true
  }
}

/** Thrown when another collector took the slice while this one started. */
export class LeaseLostError extends Error {
  readonly code = 'lease_lost'
  readonly retryable = false
}
