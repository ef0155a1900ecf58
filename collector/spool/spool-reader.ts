import { type FileHandle, open } from 'node:fs/promises'
import type { Entry } from '#core/entry'
import { SpoolDecoder } from '#core/spool-decoder'
import { type Block, blockAt, findBlock } from './spool-block.ts'
import { HEADER, type SpoolFile, type SpoolFiles } from './spool-files.ts'
import type { Position } from './spool-position.ts'

/** Bytes read at once, when there are so many. */
const CHUNK_BYTES = 512 * 1024

/** Entries in the order in which they were appended. */
export type SpoolBatch = {
  readonly entries: readonly Entry[]
  /** What to say when they are durable elsewhere. */
  readonly position: Position
  /**
   * Entries are missing before the first of these: the disk spoilt them. Of which markets nobody knows. A batch that
   * says so may be empty.
   */
  readonly lost: boolean
}

/** Bytes that cannot be read as a block, up to where the next may begin. */
type Spoilt = { readonly spoilt: true; readonly length: number }

/** Reads the files of a spool in order, each block once. */
export class SpoolReader {
  readonly #files: SpoolFiles
  #at: Position
  #decoder = new SpoolDecoder()
  /** Up to where the decoder knows the markets of which file. */
  #learned: Position = { file: 0, offset: 0 }
  #open: { readonly number: number; readonly handle: FileHandle } | null = null
  #chunk: { readonly file: number; readonly offset: number; readonly bytes: Buffer } | null = null

  /** @param from behind which reading begins */
  constructor(files: SpoolFiles, from: Position) {
    this.#files = files
    this.#at = from
  }

  /** Whether there is something to read. */
  get ready(): boolean {
    return this.#files.next(this.#at) !== null
  }

  /** Reads on from another place between two blocks. */
  seek(position: Position): void {
    this.#at = position
  }

  /**
   * Reads whole blocks, of no more entries than `most` unless the first has more.
   * @returns null when nothing is there
   * Throws as the file system does; then it has read nothing.
   */
  async read(most: number): Promise<SpoolBatch | null> {
    const start = this.#at
    try {
      return await this.#batch(most)
    } catch (error) {
      this.#at = start
      await this.close()
      throw error
    }
  }

  /** Lets go of its file; it may be used again. */
  async close(): Promise<void> {
    const open = this.#open
    this.#open = null
    this.#chunk = null
    await open?.handle.close()
  }

  async #batch(most: number): Promise<SpoolBatch | null> {
    const entries: Entry[] = []
    let lost = false
    for (let next = this.#files.next(this.#at); next !== null; next = this.#files.next(this.#at)) {
      const { file, offset } = next
      await this.#learn(file, offset)
      const block = await this.#blockAt(file, offset)
      const spoilt = 'spoilt' in block
      if (!spoilt && entries.length > 0 && entries.length + block.entries > most) break
      const decoded = spoilt ? null : this.#decoder.decode(block.body)
      const whole = decoded !== null && decoded.nameless === 0
      // What is lost stands before the first entry of its batch.
      if (!whole && entries.length > 0) break
      lost ||= !whole
      for (const entry of decoded?.entries ?? []) entries.push(entry)
      this.#at = { file: file.number, offset: offset + block.length }
      this.#learned = this.#at
    }
    return entries.length === 0 && !lost ? null : { entries, position: this.#at, lost }
  }

  /** Learns the markets that a file names before a place. */
  async #learn(file: SpoolFile, offset: number): Promise<void> {
    const learned = this.#learned
    if (learned.file === file.number && learned.offset >= offset) return
    if (learned.file !== file.number) {
      this.#decoder = new SpoolDecoder()
      this.#learned = { file: file.number, offset: HEADER.length }
    }
    for (let at = this.#learned.offset; at < offset; at = this.#learned.offset) {
      const block = await this.#blockAt(file, at)
      if ('body' in block) this.#decoder.learn(block.body)
      this.#learned = { file: file.number, offset: at + block.length }
    }
  }

  async #blockAt(file: SpoolFile, offset: number): Promise<Block | Spoilt> {
    // It may grow meanwhile.
    const { end } = file
    let at = await this.#load(file, offset, 0)
    let found = blockAt(at.bytes, at.from)
    while (found !== null && 'needs' in found && offset + found.needs <= end) {
      at = await this.#load(file, offset, found.needs)
      found = blockAt(at.bytes, at.from)
    }
    if (found !== null && 'body' in found) return found
    const rest = await this.#load(file, offset, end - offset)
    const next = findBlock(rest.bytes, rest.from + 1)
    return { spoilt: true, length: next === null ? end - offset : next - rest.from }
  }

  /** Bytes of the file, and where among them those from `offset` begin; `needs` of them at least. */
  async #load(file: SpoolFile, offset: number, needs: number) {
    const chunk = this.#chunk
    const from = chunk?.file === file.number ? offset - chunk.offset : -1
    if (chunk !== null && from >= 0 && chunk.bytes.length - from >= Math.max(needs, 1)) {
      return { bytes: chunk.bytes, from }
    }
    const length = Math.min(file.end - offset, Math.max(needs, CHUNK_BYTES))
    const bytes = await this.#readBytes(file.number, offset, length)
    this.#chunk = { file: file.number, offset, bytes }
    return { bytes, from: 0 }
  }

  async #readBytes(number: number, offset: number, length: number): Promise<Buffer> {
    if (this.#open?.number !== number) {
      await this.close()
      this.#open = { number, handle: await open(this.#files.path(number), 'r') }
    }
    const bytes = Buffer.alloc(length)
    for (let done = 0; done < length; ) {
      const { handle } = this.#open
      const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
      // The file ends before what was written of it: zeros are no block.
      if (bytesRead === 0) break
      done += bytesRead
    }
    return bytes
  }
}
