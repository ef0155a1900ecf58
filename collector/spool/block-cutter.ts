import type { Entry } from '#core/entry'
import type { Micros } from '#core/instant'
import { receivedAt } from '#core/received-at'
import { SpoolEncoder } from '#core/spool-encoder'
import { frameBlock } from './spool-block.ts'

/** A block ends at these, so that a batch can be cut between blocks and a write stays short. */
export const BLOCK_BYTES = 256 * 1024
const BLOCK_ENTRIES = 1000
/** Bytes of an entry, before there are any to measure. */
const USUAL_BYTES = 20

/** A block that waits to be written, to the end of the file of this number. */
export type WaitingBlock = {
  readonly file: number
  readonly bytes: Buffer
  readonly recv: Micros | null
}

/** Makes blocks of entries, and says to which file each belongs. */
export class BlockCutter {
  readonly #fileBytes: number
  readonly #cut: (block: WaitingBlock) => void
  #encoder = new SpoolEncoder()
  #file: number
  #length = 0
  #recv: Micros | null = null
  #bytes = 0
  #entries = 0

  /**
   * @param first the number of the first file
   * @param fileBytes a file that has grown so large is followed by another
   * @param cut takes each block when it is whole
   */
  constructor(first: number, fileBytes: number, cut: (block: WaitingBlock) => void) {
    this.#file = first
    this.#fileBytes = fileBytes
    this.#cut = cut
  }

  /** Bytes of the entries that are in no whole block. */
  get pendingBytes(): number {
    return this.#encoder.bytes
  }

  /** recv of the first of them that bears one. */
  get pendingRecv(): Micros | null {
    return this.#recv
  }

  /** Bytes of an entry, on average so far. */
  get entryBytes(): number {
    return this.#entries === 0 ? USUAL_BYTES : this.#bytes / this.#entries
  }

  /** Throws RangeError, and takes nothing, for a number that cannot be. */
  add(entry: Entry): void {
    this.#encoder.encode(entry)
    this.#recv ??= receivedAt(entry)
    if (this.#encoder.bytes >= BLOCK_BYTES || this.#encoder.count >= BLOCK_ENTRIES) this.end()
  }

  /** Makes a block of what is pending, if anything is. */
  end(): void {
    const entries = this.#encoder.count
    if (entries === 0) return
    const bytes = frameBlock(this.#encoder.take(), entries, this.#recv)
    this.#bytes += bytes.length
    this.#entries += entries
    this.#length += bytes.length
    const block = { file: this.#file, bytes, recv: this.#recv }
    this.#recv = null
    if (this.#length >= this.#fileBytes) {
      this.#file += 1
      this.#length = 0
      this.#encoder = new SpoolEncoder()
    }
    this.#cut(block)
  }
}
