import type { Clock } from './clock.ts'
import { type Fault, type FaultKind, noteFault } from './fault-log.ts'
import type { ArmedFault, Corruption } from './line.ts'
import type { Session } from './session.ts'

const BOOK = 'orderbook_delta'

/**
 * The switches of what can go wrong with connections: with all of them, or with those given. Those
 * that hit a frame are armed on every connection that has a book subscription, and strike its next
 * fitting frame; the log says when each really struck. Each answers how many connections it concerns.
 */
export class ConnectionFaults {
  readonly #log: Fault[]
  readonly #sessions: () => Iterable<Session>
  readonly #now: Clock

  constructor(log: Fault[], sessions: () => Iterable<Session>, now: Clock) {
    this.#log = log
    this.#sessions = sessions
    this.#now = now
  }

  /** The next n book frames (of this market) are numbered but not sent. */
  dropNext(n = 1, ticker?: string): number {
    return this.#arm({ kind: 'drop', ticker }, n)
  }

  /** The next n frames of another channel are numbered, where it numbers them, but not sent. */
  dropNextOf(channel: 'trade' | 'ticker' | 'market_lifecycle_v2', n = 1): number {
    const sessions = [...this.#sessions()].filter((session) => session.on(channel) !== undefined)
    for (const { line } of sessions) line.dropNextOf(channel, n)
    return sessions.length
  }

  /** The next book frame (of this market) is sent twice. */
  duplicateNext(ticker?: string): number {
    return this.#arm({ kind: 'duplicate', ticker })
  }

  /** The next book frame (of this market) and the one after it change places. */
  reorderNext(ticker?: string): number {
    return this.#arm({ kind: 'reorder', ticker })
  }

  /** The next book frame (of this market, of this type) is sent so much later, behind its followers. */
  delayNext(ms: number, ticker?: string, type?: 'delta' | 'snapshot'): number {
    return this.#arm({ kind: 'delay', ms, ticker, type })
  }

  /** The next delta (of this market) cannot be read. */
  corruptNext(how: Corruption, ticker?: string): number {
    return this.#arm({ kind: 'corrupt', how, ticker })
  }

  /** Those that wait for a frame of the book do not strike any more. */
  disarm(): number {
    const sessions = this.#subscribed()
    for (const { line } of sessions) line.disarm()
    return sessions.length
  }

  /** Connections break off without a word. */
  cut(): number {
    return this.#each(this.#sessions(), 'cut', (session) => session.ws.terminate())
  }

  /** Connections stay, but their frames are lost for so long; pings go on unless told otherwise. */
  silence(ms: number, { pings = true } = {}): number {
    const untilUs = this.#now() + ms * 1000
    return this.#each(this.#sessions(), 'silence', ({ line }) => line.silence(untilUs, pings))
  }

  /** For so long neither pings nor pongs go out, while frames do. */
  mute(ms: number): number {
    const untilUs = this.#now() + ms * 1000
    return this.#each(this.#sessions(), 'mute', ({ line }) => line.mute(untilUs))
  }

  /** Error 25: the book subscriptions are over. */
  overflow(): number {
    return this.#terminate('overflow', 25)
  }

  /** Error 10: the book subscriptions are over. */
  channelError(): number {
    return this.#terminate('channel_error', 10)
  }

  #arm(fault: ArmedFault, times = 1): number {
    const sessions = this.#subscribed()
    for (const { line } of sessions) {
      for (let each = 0; each < times; each += 1) line.arm(fault)
    }
    return sessions.length
  }

  #terminate(kind: FaultKind, code: 10 | 25): number {
    return this.#each(this.#subscribed(), kind, (session) => {
      const subscription = session.on(BOOK)
      if (subscription !== undefined) session.terminate(subscription, code)
    })
  }

  #subscribed(): Session[] {
    return [...this.#sessions()].filter((session) => session.on(BOOK) !== undefined)
  }

  #each(sessions: Iterable<Session>, kind: FaultKind, act: (session: Session) => void): number {
    const hit = [...sessions]
    for (const session of hit) {
      const { connection } = session.line
      noteFault(this.#log, { kind, atUs: this.#now(), connection })
      act(session)
    }
    return hit.length
  }
}
