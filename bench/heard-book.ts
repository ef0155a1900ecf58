import { Book } from '#core/book'
import { checksum } from '#core/checksum'
import type { Ladders, Level } from '#core/log'
import { parsePrice } from '#core/price'
import { parseSize, parseSizeChange } from '#core/size'
import type { DeltasMessage, ImageMessage } from '#core/wire/stream'

/** One market as a subscriber hears it: every record in its place, each level's size and each checksum as told. */
export class HeardBook {
  seq: number | null = null
  /** What was wrong, in words; the first is enough. */
  wrong: string | null = null
  readonly #checked: boolean
  #book: Book | null = null

  /** @param checked whether there are images and checksums; without, only the order of the records is looked at */
  constructor(checked: boolean) {
    this.#checked = checked
  }

  /** A book; one after the first stands for records that were not sent, which are missing in the count then. */
  image(message: ImageMessage): void {
    if (message.seq < (this.seq ?? 0)) this.#blame(`an image at ${message.seq} after ${this.seq}`)
    const ladders = { yes: message.yes.map(levelOf), no: message.no.map(levelOf) } as Ladders
    this.#book = Book.of(ladders)
    this.seq = message.seq
    if (this.checksum !== message.checksum) this.#blame(`the image at ${message.seq}`)
  }

  /** @returns how many records came */
  deltas(message: DeltasMessage): number {
    const [from, to] = message.seq
    const { d } = message
    if (this.seq !== null && from !== this.seq + 1) this.#blame(`${from} after ${this.seq}`)
    if (d.length !== to - from + 1) this.#blame(`${d.length} rows from ${from} to ${to}`)
    this.seq = to
    if (!this.#checked) return d.length
    for (const [side, price, change, size] of d) {
      const [at, by] = [parsePrice(price), parseSizeChange(change)]
      const now = at === null || by === null ? null : (this.#book?.apply(side, at, by) ?? null)
      if (now === null || now !== parseSize(size)) this.#blame(`a level before ${to}`)
    }
    if (this.checksum !== message.checksum) this.#blame(`the checksum at ${to}`)
    return d.length
  }

  /** Of the book as it is now, null before there is one. */
  get checksum(): number | null {
    return this.#book && checksum(this.#book.ladders())
  }

  #blame(what: string): void {
    this.wrong ??= what
  }
}

function levelOf([price, size]: readonly [string, string]): Level {
  const level = [parsePrice(price), parseSize(size)]
  if (level.includes(null)) throw new Error(`no level: ${price} ${size}`)
  return level as unknown as Level
}
