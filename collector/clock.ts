import { performance } from 'node:perf_hooks'
import type { Micros } from '#core/instant'
import { RecvClock } from '#core/recv-clock'
import { wallMicros } from './wall-micros.ts'

/** Reads the receive time, in µs. */
export type Clock = () => Micros

/**
 * Starts the receive clock of an epoch.
 * @param above the highest receive time already stored, which it starts above
 * @param wallClock the machine's time of day, in whole milliseconds
 * @returns the clock, and whether it must be replaced by one of a new epoch
 */
export function startClock(
  above: Micros | null,
  wallClock: Clock = wallMicros,
): { clock: Clock; strayed: () => boolean } {
  const mono = () => performance.now() * 1000
  // It is cut to whole milliseconds: their middle is the best guess.
  const wall = () => wallClock() + 500
  const origin = performance.timeOrigin * 1000 + mono()
  // The finer clock of the two counts from the start of the process, and not while the machine sleeps.
  const start = Math.abs(origin - wall()) < 2000 ? origin : wall()
  const clock = new RecvClock(start, mono(), above)
  return { clock: () => clock.read(wall(), mono()), strayed: () => clock.strayed }
}
