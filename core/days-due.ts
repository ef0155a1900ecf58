import type { Micros } from './instant.ts'
import { dayOf } from './sealing.ts'

const DAY_US = 86_400_000_000
/** A day that may still change is counted again after this, as is one that has just ended. A run may come a little early. */
const AGAIN_US = 14.5 * 60_000_000
/** So long after its end a day has all its records sealed: as it is counted then, it stays. */
const SETTLED_US = 2 * 3_600_000_000

/** When a day was counted last, and how far the record was complete then, µs. */
export type DayTold = {
  readonly toldUs: Micros
  readonly throughUs: Micros
  /** Whether a gap was found since that reaches back into it: a wrong book is noticed hours later. */
  readonly reopened: boolean
}

/**
 * The UTC days, by their begins, whose coverage is to be counted now, the newest first: today and what has just ended again
 * and again, what is over and recorded once.
 * @param firstUs from when on something is held; null when nothing is
 * @param told of each day that was counted
 * @param most so many days are looked at, back from today
 */
export function daysDue(
  nowUs: Micros,
  firstUs: Micros | null,
  told: ReadonlyMap<Micros, DayTold>,
  most: number,
): Micros[] {
  if (firstUs === null) return []
  const today = dayOf(nowUs)
  const days = Array.from({ length: most }, (_, back) => (today - back * DAY_US) as Micros)
  return days.filter((day) => day >= dayOf(firstUs) && isDue(day, nowUs, told.get(day)))
}

function isDue(day: Micros, nowUs: Micros, told: DayTold | undefined): boolean {
  if (told === undefined || told.reopened) return true
  const endUs = day + DAY_US
  // What was open when it was counted lasts into the next day, and is told there.
  if (told.toldUs < endUs && nowUs >= endUs) return true
  // While no collector records, nothing is known of a day: the gap is told once one does again.
  const settled = told.toldUs >= endUs + SETTLED_US && told.throughUs >= endUs
  return !settled && nowUs - told.toldUs >= AGAIN_US
}
