import type { Duplex } from 'node:stream'
import type { Clock } from './clock.ts'
import { type Fault, type FaultKind, noteFault } from './fault-log.ts'
import type { Refusal } from './handshake.ts'
import type { ArmedFault, Corruption } from './line.ts'
import type { Session } from './session.ts'

const BOOK = 'orderbook_delta'

/**
 * The switches of what can go wrong. Those that hit a frame are armed on every connection that has a
 * book subscription, and strike its next fitting frame; `log` says when each really struck.
 */
export class Faults {
  readonly log: Fault[] = []
  readonly #sessions: ReadonlySet<Session>
  readonly #now: Clock
  readonly #unanswered = new Set<Duplex>()
  #refusals: Refusal[] = []
  #deafUntilUs = 0
  #hearing: NodeJS.Timeout | undefined

  constructor(sessions: ReadonlySet<Session>, now: Clock) {
    this.#sessions = sessions
    this.#now = now
  }

  /** The next n book frames (of this market) are numbered but not sent. */
  dropNext(n = 1, ticker?: string): number {
    return this.#arm({ kind: 'drop', ticker }, n)
  }

  /** The next book frame (of this market) is sent twice. */
  duplicateNext(ticker?: string): number {
    return this.#arm({ kind: 'duplicate', ticker })
  }

  /** The next book frame (of this market, of this type) is sent so much later, behind its followers. */
  delayNext(ms: number, ticker?: string, type?: 'delta' | 'snapshot'): number {
    return this.#arm({ kind: 'delay', ms, ticker, type })
  }

  /** The next delta (of this market) cannot be read. */
  corruptNext(how: Corruption, ticker?: string): number {
    return this.#arm({ kind: 'corrupt', how, ticker })
  }

  /** Every connection breaks off without a word. */
  cut(): number {
    return this.#each(this.#sessions, 'cut', (session) => session.ws.terminate())
  }

  /** Connections stay, but their frames are lost for so long; pings go on unless told otherwise. */
  silence(ms: number, { pings = true } = {}): number {
    const untilUs = this.#now() + ms * 1000
    return this.#each(this.#sessions, 'silence', ({ line }) => line.silence(untilUs, pings))
  }

  /** Error 25: the book subscriptions are over. */
  overflow(): number {
    return this.#terminate('overflow', 25)
  }

  /** Error 10: the book subscriptions are over. */
  channelError(): number {
    return this.#terminate('channel_error', 10)
  }

  /** The next n handshakes are refused, whatever they bear. */
  refuseHandshakes(n: number, how: Refusal = 503): void {
    for (let each = 0; each < n; each += 1) this.#refusals.push(how)
  }

  /** For so long nothing is heard: no command, and no handshake, which hangs and then breaks off. */
  deaf(ms: number): void {
    this.#deafUntilUs = this.#now() + ms * 1000
    this.#note('deaf')
    clearTimeout(this.#hearing)
    this.#hearing = setTimeout(() => this.close(), ms)
  }

  /** @returns whether commands are heard now */
  get isDeaf(): boolean {
    return this.#now() < this.#deafUntilUs
  }

  /** @returns how the next handshake is to be refused, if it is */
  takeRefusal(): Refusal | undefined {
    const refusal = this.#refusals.shift()
    if (refusal !== undefined) this.#note('refuse')
    return refusal
  }

  /** Leaves a handshake unanswered until the exchange hears again. */
  hang(stream: Duplex): void {
    this.#unanswered.add(stream)
    stream.on('error', () => stream.destroy())
    stream.on('close', () => this.#unanswered.delete(stream))
  }

  /** Breaks off the handshakes that hang. */
  close(): void {
    clearTimeout(this.#hearing)
    for (const stream of this.#unanswered) stream.destroy()
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
    return [...this.#sessions].filter((session) => session.on(BOOK) !== undefined)
  }

  #each(sessions: Iterable<Session>, kind: FaultKind, act: (session: Session) => void): number {
    const hit = [...sessions]
    for (const session of hit) {
      this.#note(kind, session.line.connection)
      act(session)
    }
    return hit.length
  }

  #note(kind: FaultKind, connection?: number): void {
    const fault = { kind, atUs: this.#now(), ...(connection === undefined ? {} : { connection }) }
    noteFault(this.log, fault)
  }
}
