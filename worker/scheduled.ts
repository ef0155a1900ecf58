import type { Micros } from '#core/instant'
import { wakeAccounts } from './account/account-schedule.ts'
import { forgetEvents, runInbox } from './billing/inbox.ts'
import { runOutbox } from './billing/outbox.ts'
import { runWishes } from './billing/pursue.ts'
import { reconcile } from './billing/reconcile.ts'
import type { Env } from './env.ts'
import { noteDuePlans } from './keys/due-plans.ts'
import { sweepKeys } from './keys/key-sweep.ts'
import { projectAllLeft } from './keys/projection-schedule.ts'
import { inTime } from './live/patience.ts'
import { logFault } from './log-fault.ts'
import { goOnDeletingAll } from './people/deletion.ts'
import { forgetOld } from './people/forget-old.ts'
import { countCoverage } from './status/count-coverage.ts'
import { forgetFeed, sampleFeed } from './status/sample-feed.ts'

/** What is done by the clock, whether somebody calls us or not. */
export type Job = {
  readonly name: string
  /** It runs in the minutes since 1970 that this divides. */
  readonly everyMinutes: number
  /** Throws as what it asks does. */
  readonly run: (env: Env, nowUs: Micros) => Promise<void>
}

/** In this order, one after the other. */
const JOBS: readonly Job[] = [
  // The first: what it tells of is the minute's begin.
  { name: 'feed-sample', everyMinutes: 1, run: sampleFeed },
  { name: 'plans', everyMinutes: 1, run: noteDuePlans },
  { name: 'projections', everyMinutes: 1, run: projectAllLeft },
  { name: 'key-sweep', everyMinutes: 1, run: sweepKeys },
  { name: 'accounts', everyMinutes: 1, run: wakeAccounts },
  { name: 'stripe-inbox', everyMinutes: 1, run: runInbox },
  { name: 'stripe-outbox', everyMinutes: 1, run: runOutbox },
  { name: 'stripe-wishes', everyMinutes: 1, run: runWishes },
  { name: 'stripe-reconciliation', everyMinutes: 30, run: reconcile },
  { name: 'stripe-events-forgotten', everyMinutes: 60, run: forgetEvents },
  { name: 'deletions', everyMinutes: 1, run: goOnDeletingAll },
  { name: 'people-forgotten', everyMinutes: 60, run: forgetOld },
  { name: 'coverage', everyMinutes: 1, run: countCoverage },
  { name: 'feed-forgotten', everyMinutes: 60, run: forgetFeed },
]

const MINUTE_MS = 60_000
/** A job that takes longer goes on beside the next. */
const PATIENCE_MS = 60_000

/**
 * Runs the jobs that are due, each failing alone.
 * @param atMs the minute that this is the run of
 * @param patienceMs for so long each is waited for
 */
export async function runJobs(
  env: Env,
  atMs: number,
  jobs: readonly Job[] = JOBS,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const minute = Math.floor(atMs / MINUTE_MS)
  for (const { name, everyMinutes, run } of jobs) {
    if (minute % everyMinutes !== 0) continue
    try {
      const done = run(env, (atMs * 1000) as Micros).then(() => true)
      if ((await inTime(done, patienceMs)) === null) {
        console.warn(JSON.stringify({ event: 'job_late', job: name }))
        done.catch((error: unknown) => logFault(error, `job ${name}`))
      }
    } catch (error) {
      logFault(error, `job ${name}`)
    }
  }
}
