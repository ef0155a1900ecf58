import type { Context } from 'hono'
import type { App } from '../context.ts'
import type { Env } from '../env.ts'
import { inTime } from '../live/patience.ts'
import { perEnv } from '../per-env.ts'

/** A reading that was begun, and until when (ms) it is good enough for whoever asks. */
type Kept<Read> = { readonly untilMs: number; readonly read: Promise<Read> }

/**
 * Makes a reading that an isolate does once in a while, however many ask; one that fails is forgotten.
 * @param keptMs for so long it is handed out
 * @param patienceMs for so long one waits for what another request began, which may be cut off: then each reads for itself
 */
export function keptForAWhile<Read, Args extends readonly [] | readonly [string | number]>(
  read: (env: Env, ...args: Args) => Promise<Read>,
  keptMs: number,
  patienceMs: number,
): (c: Context<App>, ...args: Args) => Promise<Read> {
  const keptOf = perEnv(() => new Map<string | number, Kept<Read>>())
  return async (c, ...args) => {
    const kept = keptOf(c.env)
    const name = args[0] ?? ''
    const known = kept.get(name)
    if (known !== undefined && Date.now() < known.untilMs) {
      const told = await inTime(
        known.read.then((value) => ({ value })),
        patienceMs,
      )
      return told === null ? read(c.env, ...args) : told.value
    }
    const one = { untilMs: Date.now() + keptMs, read: read(c.env, ...args) }
    kept.set(name, one)
    one.read.catch(() => {
      if (kept.get(name) === one) kept.delete(name)
    })
    c.executionCtx.waitUntil(one.read.catch(() => {}))
    return one.read
  }
}
