const WINDOW_MS = 60_000
const PER_WINDOW = 100

/** Whether a line is written, and how many of its event were not since the last that was. */
export type LogVerdict =
  | { readonly kind: 'write'; readonly suppressed: number }
  | { readonly kind: 'suppress' }

/** Lets each event fill 100 lines a minute: a storm of bad frames must not become one of lines. */
export class LogBudget {
  readonly #events = new Map<string, { beganMs: number; written: number; suppressed: number }>()

  /** @param event one of the names that the code holds, so few; @param nowMs any clock, ms */
  ask(event: string, nowMs: number): LogVerdict {
    const known = this.#events.get(event)
    if (known === undefined || Math.abs(nowMs - known.beganMs) >= WINDOW_MS) {
      this.#events.set(event, { beganMs: nowMs, written: 1, suppressed: 0 })
      return { kind: 'write', suppressed: known?.suppressed ?? 0 }
    }
    if (known.written >= PER_WINDOW) {
      known.suppressed += 1
      return { kind: 'suppress' }
    }
    known.written += 1
    return { kind: 'write', suppressed: 0 }
  }
}
