import type { Micros } from './instant.ts'
import { dayOf } from './sealing.ts'

const DAY_US = 86_400_000_000
/** A day that may still change is counted again after this, as is one that has just ended. A run may come a little early. */
const AGAIN_US = 14.5 * 60_000_000
/** So long after its end a day has all its records sealed: as it is counted then, it stays. */
const SETTLED_US = 2 * 3_600_000_000

/**
 * The UTC days, by their begins, whose coverage is to be counted now, the newest first: today and what has just ended again
 * and again, what is over once.
 * @param firstUs when the first log began; null when there is none
 * @param told when each day was counted last, µs
 * @param most so many days are looked at, back from today
 */
export function daysDue(
  nowUs: Micros,
  firstUs: Micros | null,
  told: ReadonlyMap<Micros, Micros>,
  most: number,
): Micros[] {
  if (firstUs === null) return []
  const today = dayOf(nowUs)
  const days = Array.from({ length: most }, (_, back) => (today - back * DAY_US) as Micros)
  return days.filter((day) => day >= dayOf(firstUs) && isDue(day, nowUs, told.get(day)))
}

function isDue(day: Micros, nowUs: Micros, toldUs: Micros | undefined): boolean {
  if (toldUs === undefined) return true
  return toldUs < day + DAY_US + SETTLED_US && nowUs - toldUs >= AGAIN_US
}
