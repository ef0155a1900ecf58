import { performance } from 'node:perf_hooks'
import type { Micros } from '#core/instant'
import { RecvClock } from '#core/recv-clock'

/** Reads the receive time, in µs. */
export type Clock = () => Micros

/**
 * Starts the receive clock of this process.
 * @param above the highest receive time already stored, which it starts above
 */
export function startClock(above: Micros | null): Clock {
  const mono = () => performance.now() * 1000
  // Date.now() is cut to whole milliseconds: its middle is the best guess, once the start is known to the microsecond.
  const wall = () => Date.now() * 1000 + 500
  const clock = new RecvClock(performance.timeOrigin * 1000 + mono(), mono(), above)
  return () => clock.read(wall(), mono())
}
