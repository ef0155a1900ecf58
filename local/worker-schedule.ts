import type { Miniflare } from 'miniflare'

const MINUTE_MS = 60_000

/**
 * Runs the Worker's schedule every minute, as no platform does on one machine; the first time a minute from now.
 * @param name of the Worker
 */
export function runSchedule(miniflare: Miniflare, name: string): { stop(): void } {
  // A run that fails has said so in the Worker's log; another comes a minute later.
  const timer = setInterval(
    () => void runOnce(miniflare, name, Date.now()).catch(() => {}),
    MINUTE_MS,
  )
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

/** Runs what is due in the minute of `atMs` (since 1970), as a tick of the clock would. Throws when workerd is gone. */
export async function runOnce(miniflare: Miniflare, name: string, atMs: number): Promise<void> {
  const worker = await miniflare.getWorker(name)
  await worker.scheduled({ cron: '* * * * *', scheduledTime: new Date(atMs) })
}
