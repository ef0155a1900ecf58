import type { Micros } from './instant.ts'
import type { ChangeKind, MarketChange } from './market-change.ts'
import type { MarketState } from './market-life.ts'
import { printDollars } from './settlement.ts'

/** What is new of where a market stands. */
export type Standing = {
  readonly state: MarketState
  /** It is new, or its place or status is. */
  readonly listedAnew: boolean
  /** Its status, result or settlement value is another. */
  readonly turned: boolean
  /** When the exchange says that it turned; null when it does not say. */
  readonly event: Micros | null
  readonly recv: Micros
}

/** Changes that say where a market stands. */
const TURNS: readonly ChangeKind[] = [
  'opened',
  'activated',
  'deactivated',
  'closed',
  'determined',
  'settled',
  'status',
]

/**
 * What is new of where a market stands; null for nothing.
 * @param before null for a market that was not known
 * @param changes those that led from `before` to `after`, in order
 * @param now our clock
 */
export function standingOf(
  before: MarketState | null,
  after: MarketState,
  changes: readonly MarketChange[],
  now: Micros,
): Standing | null {
  const turned =
    before === null ||
    before.status !== after.status ||
    before.result !== after.result ||
    dollars(before.value) !== dollars(after.value)
  const listedAnew =
    before === null ||
    before.status !== after.status ||
    before.event !== after.event ||
    before.series !== after.series
  if (!turned && !listedAnew) return null
  const turn = changes.findLast(({ kind }) => TURNS.includes(kind))
  const event = turned ? (turn?.at ?? null) : null
  return { state: after, listedAnew, turned, event, recv: turn?.recv ?? now }
}

/** Decimals compare by value: `1.0000` and `1.00` pay the same. */
function dollars(value: string | null): string | null {
  return value === null ? null : printDollars(value)
}
