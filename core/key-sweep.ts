import type { Micros } from './instant.ts'

/** Where a night's sweep over all keys has come to. */
export type SweepCursor = {
  /** Days since 1970 of the night that it is of. */
  readonly day: number
  /** The last key's id; null at the beginning. */
  readonly after: string | null
  readonly done: boolean
}

const HOUR_US = 3_600_000_000
const DAY_US = 24 * HOUR_US
/** A night begins at 03:00 UTC. */
const BEGINS_US = 3 * HOUR_US

/** Where the sweep goes on at an instant; null when this night's is done. @param before null when there was none yet */
export function sweepStep(
  before: SweepCursor | null,
  nowUs: Micros,
): { readonly day: number; readonly after: string | null } | null {
  const day = Math.floor((nowUs - BEGINS_US) / DAY_US)
  if (before === null || before.day < day) return { day, after: null }
  return before.done ? null : { day: before.day, after: before.after }
}
