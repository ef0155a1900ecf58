import { setImmediate as turn } from 'node:timers/promises'
import { trueTime } from '../../simulator/clock.ts'

/** Two clocks of one process may differ by so much, µs. */
const CLOCKS_US = 3000

/**
 * Waits until a collector of this process has read what an exchange of this process has sent, however slow the machine is
 * just now. @returns the latest moment at which that was, µs
 */
export async function allRead(): Promise<number> {
  // One turn sends what is held back until its end, the next reads it.
  for (let turns = 0; turns < 3; turns += 1) await turn()
  return trueTime() + CLOCKS_US
}
