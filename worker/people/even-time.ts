import type { Context } from 'hono'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'

/**
 * Waits for work about an address as long as always, whatever it yields, so that the time of an answer does not tell
 * whether somebody has an account. What takes longer goes on by itself, and is answered as `late`.
 * @param lost called when it fails after that
 * Throws as the work does, at once.
 */
export async function evenTime<Outcome>(
  c: Context<App>,
  work: Promise<Outcome>,
  late: Outcome,
  lost: (error: unknown) => void,
): Promise<Outcome> {
  const over = until(c, Date.now())
  const outcome = await Promise.race([work.then((value) => ({ value })), over.then(() => null)])
  await over
  if (outcome !== null) return outcome.value
  c.executionCtx.waitUntil(work.catch(lost))
  return late
}

/** Waits until as much time has passed as an answer about an address takes. @param began when it was begun, ms */
export async function until(c: Context<App>, began: number): Promise<void> {
  const leftMs = began + settingsOf(c.env).MAIL_ANSWER_MS - Date.now()
  if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs))
}
