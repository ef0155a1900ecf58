import type { Micros } from './instant.ts'

/** What is held of all logs together of a UTC day, named by its begin. */
export type DayCoverage = {
  readonly day: Micros
  /** Markets that had a log on that day. */
  readonly markets: number
  readonly records: number
  readonly deltas: number
  /** Seconds of their logs in which the book was known, rounded down, and in which it was not, rounded up. */
  readonly knownS: number
  readonly gapS: number
  /** How many gaps touch the day, by cause. */
  readonly causes: Readonly<Record<string, number>>
  /** The watermark when it was counted, as far as it lies in the day. */
  readonly throughUs: Micros
  readonly toldUs: Micros
}
