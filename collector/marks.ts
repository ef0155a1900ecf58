import type { Entry, ProofOfLife } from '#core/entry'
import type { Epoch } from '#core/log'
import { beforeStamps } from '#core/recv-stamp'
import type { Clock } from './clock.ts'

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
    const through = beforeStamps(clock())
    append({ kind: 'mark', mark: { epoch, through, alive: alive() } })
  }
}
