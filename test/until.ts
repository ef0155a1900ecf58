import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until something is so, looking again every few milliseconds.
 * Throws with `what` after `patienceMs`.
 */
export async function until(
  what: string,
  so: () => boolean | Promise<boolean>,
  patienceMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await so())) {
    if (Date.now() > deadline) throw new Error(`not so after ${patienceMs} ms: ${what}`)
    await sleep(10)
  }
}
