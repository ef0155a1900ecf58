/** Writes integers below 2⁵³ as varints: seven bits a byte, lowest first, the high bit on all but the last byte. */
export class VarintWriter {
  #bytes = new Uint8Array(256)
  #length = 0

  /** One byte as it is, 0 to 255. */
  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(this.#length + 1)
    this.#bytes[this.#length] = value
    this.#length += 1
  }

  /** An integer from 0. Throws RangeError for anything else: a reader could not read it. */
  unsigned(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`no varint of ${value}`)
    let rest = value
    while (rest >= 128) {
      this.byte(128 + (rest % 128))
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  /** An integer of either sign, small ones in few bytes. Throws RangeError beyond ±2⁵². */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** All that another writer has written. */
  append(other: VarintWriter): void {
    this.#grow(this.#length + other.#length)
    this.#bytes.set(other.#bytes.subarray(0, other.#length), this.#length)
    this.#length += other.#length
  }

  get length(): number {
    return this.#length
  }

  /** Forgets all but the first `length` bytes. */
  cut(length: number): void {
    this.#length = Math.min(length, this.#length)
  }

  /** A copy of what was written. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #grow(needed: number): void {
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

/** Reads what VarintWriter writes. After the first thing that cannot be read `failed` is true and all answers are 0. */
export class VarintReader {
  readonly #bytes: Uint8Array
  #at = 0
  #failed = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get failed(): boolean {
    return this.#failed
  }

  /** How many bytes are still to be read. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    const byte = this.#failed ? undefined : this.#bytes[this.#at]
    if (byte === undefined) return this.fail()
    this.#at += 1
    return byte
  }

  /** So many bytes as they are; none when there are not so many. */
  bytes(length: number): Uint8Array {
    if (this.#failed || length > this.left) {
      this.fail()
      return new Uint8Array(0)
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  unsigned(): number {
    // Most are of one, two or three bytes; all others, and what is no varint, are read with more care.
    const [bytes, at] = [this.#bytes, this.#at]
    const one = bytes[at] ?? 128
    if (one < 128 && !this.#failed) {
      this.#at = at + 1
      return one
    }
    const two = bytes[at + 1] ?? 128
    if (two < 128 && two > 0 && !this.#failed) {
      this.#at = at + 2
      return one - 128 + two * 128
    }
    const three = bytes[at + 2] ?? 128
    if (two >= 128 && three < 128 && three > 0 && !this.#failed) {
      this.#at = at + 3
      return one - 128 + (two - 128) * 128 + three * 16_384
    }
    let value = 0
    for (let weight = 1; ; weight *= 128) {
      const byte = this.byte()
      value += (byte % 128) * weight
      if (value > Number.MAX_SAFE_INTEGER) return this.fail()
      // A last byte of 0 adds nothing: the writer would have ended before it.
      if (byte < 128) return byte === 0 && weight > 1 ? this.fail() : value
    }
  }

  signed(): number {
    const value = this.unsigned()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** A number of things to come that take at least so many bytes each. */
  count(bytesEach: number): number {
    const count = this.unsigned()
    return count * bytesEach > this.left ? this.fail() : count
  }

  /** Says that what was read is nothing that was ever written. */
  fail(): 0 {
    this.#failed = true
    return 0
  }
}
