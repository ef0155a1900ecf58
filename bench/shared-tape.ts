import type { DeltasMessage, ServerMessage } from '#core/wire/stream'
import { HeardBook } from './heard-book.ts'

type Kept = { readonly bytes: Buffer; readonly message: DeltasMessage }

/** What one subscriber has heard: how many of the tape's messages. */
export type Listener = { heard: number; image: number | null }

/**
 * What all subscribers of one market in a process are sent. Each message is read and checked once; that the others get the
 * same is seen by its bytes, so that what is measured is the sender and not our reading.
 */
export class SharedTape {
  readonly #book: HeardBook
  #kept: Kept[] = []
  /** How many messages were let go. */
  #past = 0
  #wrong: string | null = null

  constructor(checked: boolean) {
    this.#book = new HeardBook(checked)
  }

  get wrong(): string | null {
    return this.#wrong ?? this.#book.wrong
  }

  /** Takes what a subscriber was sent. @returns the records in it, null when it was none */
  hear(listener: Listener, bytes: Buffer): DeltasMessage | null {
    const known = this.#kept[listener.heard - this.#past]
    if (known?.bytes.equals(bytes)) {
      listener.heard += 1
      return known.message
    }
    const message = JSON.parse(String(bytes)) as ServerMessage
    if (message.type === 'snapshot' && message.image) {
      if (listener.image !== null) this.#wrong ??= `a second image (${message.reason})`
      listener.image = message.seq
      // Nothing is sent while they open: all begin with the same book.
      if (this.#book.seq === null) this.#book.image(message)
      else if (this.#book.seq !== message.seq) this.#wrong ??= `an image at ${message.seq}`
      return null
    }
    if (message.type === 'gap' || message.type === 'error' || message.type === 'warning') {
      this.#wrong ??= `${message.type}: ${String(bytes).slice(0, 200)}`
    }
    if (message.type !== 'deltas') return null
    const deltas = message as DeltasMessage
    if (known !== undefined) {
      this.#wrong ??= `subscribers were sent different records at ${message.seq[0]}`
      return null
    }
    this.#book.deltas(deltas)
    this.#kept.push({ bytes: Buffer.from(bytes), message: deltas })
    listener.heard += 1
    return deltas
  }

  /** Lets go of what all have heard. @returns the seq up to which all have everything, 0 for none */
  letGo(listeners: readonly Listener[]): number {
    const heard = Math.min(...listeners.map((each) => each.heard))
    const last = this.#kept[heard - this.#past - 1]
    // The last one stays, to be named again.
    const gone = Math.max(0, heard - this.#past - 1)
    this.#kept = gone === 0 ? this.#kept : this.#kept.slice(gone)
    this.#past += gone
    return last?.message.seq[1] ?? 0
  }
}
