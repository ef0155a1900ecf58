import type { Micros } from '#core/instant'
import { listSubscriptions, type OpenChannel, subscribeOpen } from '#core/kalshi/commands'
import { decodeFrame, type Frame } from '#core/kalshi/decode'
import { type ChannelTurn, Lookout, type LookoutFrame } from '#core/lookout'
import type { UnusableFrame } from './aside.ts'
import type { Clock } from './clock.ts'
import type { ExchangeConfig } from './exchange-config.ts'
import { ExchangeLine } from './exchange-line.ts'
import { logEvent } from './log-event.ts'

export type LookoutEvents = {
  /** Of every frame, first of all. */
  readonly decoded: (kind: Frame['kind']) => void
  readonly again: (connection: number) => void
  readonly frame: (frame: LookoutFrame, now: Micros) => void
  readonly channel: (turn: ChannelTurn) => void
  readonly aside: UnusableFrame
}

/** A channel that does not come is asked for so many times before the connection is given up. */
const TRIES = 3

/** The connection on which the exchange speaks of all its markets: trades, quotes and what becomes of them. */
export class LookoutConnection {
  readonly line: ExchangeLine
  readonly #config: ExchangeConfig
  readonly #events: LookoutEvents
  /** Null while the line is down. */
  #lookout: Lookout | null = null
  #commands = 0
  /** When the missing channels were last asked for, and how often since all were there. */
  #asked = 0
  #tries = 0
  #probed = 0

  /** @param number the connection's, after those of the books */
  constructor(number: number, config: ExchangeConfig, clock: Clock, events: LookoutEvents) {
    this.#config = config
    this.#events = events
    this.line = new ExchangeLine(number, config, clock, {
      opened: (now) => this.#opened(now),
      frame: (bytes, now) => this.#frame(bytes, now),
      again: () => events.again(number),
      lost: () => this.#lost(),
    })
  }

  /** The channels that say everything now. */
  get channels(): OpenChannel[] {
    return this.#lookout?.there ?? []
  }

  /** To be called several times a second: looks for silence, and for channels that did not come. */
  tick(now: Micros): void {
    this.line.tick(now)
    const last = this.line.lastFrame
    if (this.#lookout === null || last === null) return
    const { SILENCE_MS, PROBE_MS } = this.#config
    if (now - last > SILENCE_MS * 1000) {
      this.line.drop('silence', 'silence')
      return
    }
    this.#complete(this.#lookout, now)
    // At night nothing may happen for a while: the answer to any question shows that the exchange is there.
    if (Math.min(now - last, now - this.#probed) <= PROBE_MS * 1000) return
    this.#probed = now
    this.line.send(listSubscriptions(this.#nextId()))
  }

  #opened(now: Micros): void {
    this.#lookout = new Lookout()
    this.#tries = 0
    this.#probed = now
    this.#ask(this.#lookout, now)
  }

  #frame(bytes: Buffer, now: Micros): void {
    const frame = decodeFrame(bytes.toString())
    this.#events.decoded(frame.kind)
    if (frame.kind === 'malformed' || frame.kind === 'unknown') {
      const market = frame.kind === 'malformed' ? frame.market : null
      const reason = frame.kind === 'malformed' ? frame.reason : `type ${frame.type}`
      this.#events.aside(frame.kind, bytes.toString(), market, reason)
    }
    if (frame.kind === 'error') {
      const connection = this.line.number
      logEvent('exchange_error', { connection, code: frame.code, text: frame.message })
    }
    const looked = this.#lookout?.frame(frame, now)
    if (looked === undefined) return
    for (const turn of looked.turns) this.#events.channel(turn)
    if (looked.frame !== null) this.#events.frame(looked.frame, now)
    if (looked.dead !== null) this.line.drop('cut', looked.dead)
  }

  /** Asks for what has not come, or has ended; gives the connection up when it never comes. */
  #complete(lookout: Lookout, now: Micros): void {
    if (lookout.missing.length === 0) this.#tries = 0
    else if (now - this.#asked <= this.#config.RECOVERY_MS * 1000) return
    else if (this.#tries > TRIES) this.line.drop('cut', 'a channel never came')
    else this.#ask(lookout, now)
  }

  #ask(lookout: Lookout, now: Micros): void {
    this.#asked = now
    this.#tries += 1
    for (const channel of lookout.missing) this.line.send(subscribeOpen(this.#nextId(), channel))
  }

  #lost(): void {
    const turns = this.#lookout?.lose() ?? []
    this.#lookout = null
    for (const turn of turns) this.#events.channel(turn)
  }

  #nextId(): number {
    this.#commands += 1
    return this.#commands
  }
}
