import type { Clock } from './clock.ts'
import { type Fault, noteFault } from './fault-log.ts'
import type { Session } from './session.ts'

/** How connections end when maintenance begins: with a close frame that says 1001, or cut off. */
export type Farewell = 'closed' | 'cut'

/** RFC 6455 §7.4.1: the endpoint is going away. */
const GOING_AWAY = 1001
/** A client that does not answer the close frame is cut off after so long. */
const PATIENCE_MS = 1000

/** The exchange's hours of rest: no trading, no connection, and REST says when they may be over. */
export class Maintenance {
  readonly #sessions: ReadonlySet<Session>
  readonly #log: Fault[]
  readonly #now: Clock
  #untilUs = 0

  constructor(sessions: ReadonlySet<Session>, log: Fault[], now: Clock) {
    this.#sessions = sessions
    this.#log = log
    this.#now = now
  }

  /** When it will be over (microseconds); null while there is none. */
  get untilUs(): number | null {
    return this.#now() < this.#untilUs ? this.#untilUs : null
  }

  /** Begins, for so long: every connection ends. */
  begin(ms: number, farewell: Farewell): void {
    noteFault(this.#log, { kind: 'maintenance', atUs: this.#now() })
    this.#untilUs = this.#now() + ms * 1000
    for (const { ws } of [...this.#sessions]) {
      if (farewell === 'cut') ws.terminate()
      else {
        ws.close(GOING_AWAY, 'exchange maintenance')
        setTimeout(() => ws.terminate(), PATIENCE_MS).unref()
      }
    }
  }
}
