import { checksums, type PlainBook } from './plain-wire.ts'

type Levels = readonly (readonly [string, string])[]

/** A message of a stream, by wire §3. */
export type StreamMessage =
  | {
      readonly type: 'snapshot'
      readonly market: string
      readonly seq: number
      readonly image: boolean
      readonly yes: Levels
      readonly no: Levels
      readonly checksum: number
      readonly full_checksum: number
      readonly recv_us: number
    }
  | {
      readonly type: 'deltas'
      readonly market: string
      readonly seq: readonly [number, number]
      readonly d: readonly (readonly [
        'yes' | 'no',
        string,
        string,
        string,
        number | null,
        number,
      ])[]
      readonly checksum: number
    }
  | { readonly type: 'gap'; readonly market: string; readonly seq: number }
  | { readonly type: 'end'; readonly market: string; readonly seq: number }

/** A book that a message stated a checksum of. */
export type Checked = { readonly seq: number; readonly book: PlainBook }

/**
 * A reader of one market's stream that knows the words of wire §3 and nothing else. It throws where a customer's reader would
 * have to ask for a new start: at a hole without a gap or an image, a change that does not fit, a wrong checksum.
 */
export class StreamFollower {
  readonly checked: Checked[] = []
  #seq = -1
  #book: { yes: Map<number, number>; no: Map<number, number> } | null = null
  #over = false

  /** The book after all that was taken; null while it is not known. */
  get book(): PlainBook | null {
    return this.#book
  }

  take(message: StreamMessage): void {
    switch (message.type) {
      case 'snapshot':
        if (message.seq < this.#seq) return
        this.#book = { yes: sideOf(message.yes), no: sideOf(message.no) }
        this.#seq = message.seq
        this.#over = false
        this.#check(message)
        break
      case 'gap':
        if (message.seq <= this.#seq) return
        this.#book = null
        this.#seq = message.seq
        this.#over = false
        break
      case 'deltas':
        for (const [i, row] of message.d.entries()) this.#change(message.seq[0] + i, row)
        if (this.#seq !== message.seq[1]) throw new Error(`not at ${message.seq[1]}`)
        this.#check(message)
        break
      case 'end':
        if (message.seq !== this.#seq + 1) throw new Error(`a hole before the end ${message.seq}`)
        this.#seq = message.seq
        this.#over = true
    }
  }

  #change(
    seq: number,
    [side, price, change, size]: Extract<StreamMessage, { type: 'deltas' }>['d'][number],
  ): void {
    if (seq <= this.#seq) return
    if (this.#book === null) throw new Error(`a delta ${seq} and no book`)
    if (seq !== this.#seq + 1 || this.#over) throw new Error(`${seq} follows ${this.#seq}`)
    const levels = this.#book[side]
    const key = scaled(price, 6)
    const after = (levels.get(key) ?? 0) + scaled(change, 2)
    if (after !== scaled(size, 2)) throw new Error(`${seq}: ${price} becomes ${after}, not ${size}`)
    if (after === 0) levels.delete(key)
    else levels.set(key, after)
    this.#seq = seq
  }

  #check(stated: { readonly checksum: number; readonly full_checksum?: number }): void {
    if (this.#book === null) throw new Error('a checksum of nothing')
    const { checksum, full_checksum } = checksums(this.#book)
    if (stated.checksum !== checksum) throw new Error(`another book after ${this.#seq}`)
    if (stated.full_checksum !== undefined && stated.full_checksum !== full_checksum) {
      throw new Error(`another full book after ${this.#seq}`)
    }
    const book = { yes: new Map(this.#book.yes), no: new Map(this.#book.no) }
    this.checked.push({ seq: this.#seq, book })
  }
}

function sideOf(levels: Levels): Map<number, number> {
  return new Map(levels.map(([price, size]) => [scaled(price, 6), scaled(size, 2)] as const))
}

/** A decimal string as an integer of units of 10⁻ᵈ. */
export function scaled(decimal: string, decimals: number): number {
  const [whole = '', part = ''] = decimal.replace('-', '').split('.')
  const units = Number(`${whole}${part.padEnd(decimals, '0')}`)
  return decimal.startsWith('-') ? -units : units
}
