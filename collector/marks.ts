import type { Entry, ProofOfLife } from '#core/entry'
import type { Micros } from '#core/instant'
import type { Epoch } from '#core/log'
import type { Clock } from './clock.ts'

/** A frame may be stamped this much back, so no watermark comes nearer to the clock. */
const STAMPED_BACK_US = 1001

export type MarksOptions = {
  readonly epoch: Epoch
  readonly clock: Clock
  readonly everyMs: number
  /** Each connection's last proof of life. */
  readonly alive: () => readonly ProofOfLife[]
  readonly append: (entry: Entry) => void
}

/** Says again and again, among the records, how far the record is complete and each connection alive. */
export class Marks {
  readonly #options: MarksOptions
  #timer: NodeJS.Timeout | null = null

  constructor(options: MarksOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => this.#mark(), this.#options.everyMs)
  }

  /** Sets the last mark, once no record can follow. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#mark()
  }

  #mark(): void {
    const { epoch, clock, alive, append } = this.#options
    const through = (clock() - STAMPED_BACK_US) as Micros
    append({ kind: 'mark', mark: { epoch, through, alive: alive() } })
  }
}
