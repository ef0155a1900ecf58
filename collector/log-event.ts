import { pino } from 'pino'
import { LogBudget } from '#core/log-budget'

const STDERR = 2
/** A text longer than this is cut: no event needs more, and what was received may be of any length. */
const TEXT = 300

/** What an operator should look at, and what a collector cannot go on with; all else is information. */
const LEVELS: Readonly<Record<string, 'warn' | 'error'>> = {
  aside_refused: 'error',
  book_wrong: 'error',
  connection_full: 'warn',
  crashed: 'error',
  entry_refused: 'error',
  epoch_failed: 'error',
  epoch_over: 'warn',
  exchange_error: 'warn',
  exchange_full: 'error',
  exchange_lost: 'warn',
  exchange_refused: 'warn',
  failed: 'error',
  feed_overflown: 'warn',
  feed_unreadable: 'warn',
  leftover_of_unknown_epoch: 'warn',
  lease_lost: 'warn',
  lease_not_given_up: 'warn',
  lease_unknown: 'warn',
  lease_unreadable: 'warn',
  lookup_given_up: 'warn',
  malformed_frame: 'warn',
  market_absent: 'warn',
  metadata_failed: 'warn',
  metadata_refused: 'warn',
  metadata_unreadable: 'warn',
  partition_was_missing: 'warn',
  partitions_missing: 'error',
  reconcile_failed: 'warn',
  record_failed: 'warn',
  recorder_failed: 'error',
  seal_failed: 'warn',
  seal_failure: 'error',
  seal_mismatch: 'error',
  seal_recovery_failed: 'warn',
  segment_unreadable: 'error',
  spool_failing: 'error',
  stop_cut_off: 'warn',
  subscription_lost: 'warn',
  trade_refill_failed: 'warn',
  truth_check_failed: 'warn',
  unhealthy: 'warn',
}

const budget = new LogBudget()
const logger = pino(
  {
    base: null,
    messageKey: 'event',
    timestamp: () => `,"at":"${new Date().toISOString()}"`,
    formatters: { level: (level) => ({ level }) },
  },
  pino.destination({ fd: STDERR, sync: true }),
)

/** Writes only what is at least so grave from now on. */
export function setLogLevel(level: 'info' | 'warn' | 'error' | 'silent'): void {
  logger.level = level
}

/**
 * Writes one event as a JSON line on stderr, 100 a minute of one name at most. Never a credential, a body or a row.
 * @param event its name; `docs/operate.md` says what each means
 */
export function logEvent(
  event: string,
  fields: Readonly<Record<string, string | number | boolean | null>> = {},
): void {
  const verdict = budget.ask(event, Date.now())
  if (verdict.kind === 'suppress') return
  const cut = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.slice(0, TEXT) : value,
    ]),
  )
  const more = verdict.suppressed > 0 ? { suppressed: verdict.suppressed } : {}
  logger[LEVELS[event] ?? 'info']({ ...cut, ...more }, event)
}
