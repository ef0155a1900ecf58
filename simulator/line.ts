import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Clock } from './clock.ts'
import { type Fault, type FaultKind, noteFault } from './fault-log.ts'

/** How a frame can be made unreadable. */
export type Corruption = 'price' | 'legacy' | 'json'

/** A frame of the book channel that faults may hit. */
export type BookFrame = {
  type: 'delta' | 'snapshot'
  ticker: string
  text: string
  /** the same frame made unreadable */
  corrupted(how: Corruption): string
}

/** A fault that waits for the next book frame that fits it. */
export type ArmedFault = (
  | { kind: 'drop' | 'duplicate' | 'reorder' }
  | { kind: 'delay'; ms: number }
  | { kind: 'corrupt'; how: Corruption }
) & { ticker?: string | undefined; type?: 'delta' | 'snapshot' | undefined }

/** A reordered frame that nothing follows is sent after so long, in its order. */
const FOLLOWED_WITHIN_MS = 250

/** The outgoing side of one connection, with the faults that are armed on it. */
export class Line {
  readonly connection: number
  readonly #ws: WebSocket
  readonly #stream: Duplex
  readonly #faults: Fault[]
  readonly #now: Clock
  readonly #armed: ArmedFault[] = []
  readonly #late = new Set<NodeJS.Timeout>()
  readonly #drops = new Map<string, number>()
  #overtaken: { frame: BookFrame; timer: NodeJS.Timeout } | null = null
  #silentUntilUs = 0
  #muteUntilUs = 0
  #corked = false

  constructor(ws: WebSocket, stream: Duplex, connection: number, faults: Fault[], now: Clock) {
    this.#ws = ws
    this.#stream = stream
    this.connection = connection
    this.#faults = faults
    this.#now = now
  }

  /** Bytes that the client has not taken yet. */
  get waiting(): number {
    return this.#ws.bufferedAmount
  }

  /** Whether pings and pongs go out. */
  get pings(): boolean {
    return this.#ws.readyState === WebSocket.OPEN && this.#now() >= this.#muteUntilUs
  }

  /** Arms a fault for the next frame that fits. */
  arm(fault: ArmedFault): void {
    this.#armed.push(fault)
  }

  /** Takes back every fault that waits for its frame. */
  disarm(): void {
    this.#armed.length = 0
  }

  /** The next n frames of a channel other than the book's are to be lost. */
  dropNextOf(channel: string, n: number): void {
    this.#drops.set(channel, (this.#drops.get(channel) ?? 0) + n)
  }

  /** From now until then (microseconds) pings and pongs do not go out, frames do. */
  mute(untilUs: number): void {
    this.#muteUntilUs = untilUs
  }

  /** Whether frames are lost now. */
  get isSilent(): boolean {
    return this.#now() < this.#silentUntilUs
  }

  /** From now until then (microseconds) frames are lost, and pings too unless they are kept. */
  silence(untilUs: number, pings: boolean): void {
    this.#silentUntilUs = untilUs
    if (!pings) this.#muteUntilUs = untilUs
  }

  /** Sends a frame that no armed fault can hit; false when it was lost. */
  send(text: string): boolean {
    if (this.#ws.readyState !== WebSocket.OPEN) return false
    if (this.isSilent) return false
    this.#cork()
    this.#ws.send(text)
    return true
  }

  /** Sends a frame of another channel than the book's, or loses it when that is what is armed. */
  sendOther(channel: string, text: string): void {
    const drops = this.#drops.get(channel) ?? 0
    if (drops === 0) {
      this.send(text)
      return
    }
    this.#drops.set(channel, drops - 1)
    this.#note('drop', undefined, channel)
  }

  /** Sends many frames that are encoded already; true when they are on their way. */
  sendEncoded(frames: Buffer): boolean {
    if (this.#ws.readyState !== WebSocket.OPEN || this.isSilent) return false
    this.#stream.write(frames)
    return true
  }

  /** Sends a frame of the book channel, or does to it what is armed. */
  sendBook(frame: BookFrame): void {
    const at = this.#armed.findIndex(
      ({ kind, ticker, type }) =>
        (ticker === undefined || ticker === frame.ticker) &&
        (type === undefined || type === frame.type) &&
        (kind !== 'corrupt' || frame.type === 'delta'),
    )
    const [fault] = at < 0 ? [] : this.#armed.splice(at, 1)
    if (fault === undefined) {
      this.send(frame.text)
      this.#releaseOvertaken(true)
      return
    }
    if (fault.kind === 'reorder') {
      this.#releaseOvertaken(false)
      const timer = setTimeout(() => this.#releaseOvertaken(false), FOLLOWED_WITHIN_MS)
      this.#overtaken = { frame, timer }
      return
    }
    this.#note(fault.kind, frame.ticker)
    switch (fault.kind) {
      case 'drop':
        return
      case 'duplicate':
        this.send(frame.text)
        this.send(frame.text)
        return
      case 'corrupt':
        this.send(frame.corrupted(fault.how))
        return
      case 'delay':
        this.#sendLater(frame.text, fault.ms)
        return
    }
  }

  /** Forgets what waits: the connection is over. */
  close(): void {
    for (const timer of this.#late) clearTimeout(timer)
    this.#late.clear()
    clearTimeout(this.#overtaken?.timer)
    this.#overtaken = null
    this.#armed.length = 0
  }

  /** Sends the frame that waits to be overtaken, which has happened or will not. */
  #releaseOvertaken(happened: boolean): void {
    if (this.#overtaken === null) return
    const { frame, timer } = this.#overtaken
    clearTimeout(timer)
    this.#overtaken = null
    if (happened) this.#note('reorder', frame.ticker)
    this.send(frame.text)
  }

  #sendLater(text: string, ms: number): void {
    const timer = setTimeout(() => {
      this.#late.delete(timer)
      this.send(text)
    }, ms)
    this.#late.add(timer)
  }

  #note(kind: FaultKind, ticker?: string, channel?: string): void {
    noteFault(this.#faults, {
      kind,
      atUs: this.#now(),
      ...(ticker === undefined ? {} : { ticker }),
      ...(channel === undefined ? {} : { channel }),
      connection: this.connection,
    })
  }

  /** Frames that are sent in one turn leave in one write. */
  #cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#stream.cork()
    process.nextTick(() => {
      this.#corked = false
      this.#stream.uncork()
    })
  }
}
