import type { FileHandle } from 'node:fs/promises'
import type { Entry } from '#core/entry'
import type { Micros } from '#core/instant'
import { BLOCK_BYTES, BlockCutter, type WaitingBlock } from './block-cutter.ts'
import { diskDetail, SpoolError } from './spool-error.ts'
import { HEADER, type SpoolFiles } from './spool-files.ts'

const RETRY_MS = 1000

export type WriterOptions = {
  readonly files: SpoolFiles
  /** The number of the first file to be written. */
  readonly first: number
  /** A file that has grown so large is followed by another. */
  readonly fileBytes: number
  /** What was appended is written after at most so long, while the disk keeps up. */
  readonly everyMs: number
  /** What was written is synced after about so long. */
  readonly syncMs: number
  /** A block can be read. */
  readonly written: () => void
  /** The disk refuses, or null: it takes again. What waits is kept and tried again. */
  readonly failing: (detail: string | null) => void
}

type Flush = {
  readonly through: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Turns entries into blocks, and brings these to disk, one write at a time. */
export class SpoolWriter {
  readonly #options: WriterOptions
  readonly #cutter: BlockCutter
  #waiting: WaitingBlock[] = []
  #waitingBytes = 0
  /** Blocks cut, written and synced so far. */
  #cut = 0
  #written = 0
  #synced = 0
  #open: { readonly number: number; readonly handle: FileHandle } | null = null
  #working: Promise<void> | null = null
  #syncing: Promise<void> | null = null
  #workTimer: NodeJS.Timeout | null = null
  #syncTimer: NodeJS.Timeout | null = null
  #lastSync = 0
  #flushes: Flush[] = []
  #failing = false
  #closed = false

  constructor(options: WriterOptions) {
    this.#options = options
    this.#cutter = new BlockCutter(options.first, options.fileBytes, (block) => {
      this.#waiting.push(block)
      this.#waitingBytes += block.bytes.length
      this.#cut += 1
    })
  }

  /** Bytes that are not written. */
  get pendingBytes(): number {
    return this.#waitingBytes + this.#cutter.pendingBytes
  }

  /** recv of the first entry that is not written; null when there is none, or none that bears one. */
  get pendingRecv(): Micros | null {
    return this.#waiting.find(({ recv }) => recv !== null)?.recv ?? this.#cutter.pendingRecv
  }

  /** Bytes of an entry, on average so far. */
  get entryBytes(): number {
    return this.#cutter.entryBytes
  }

  /** Takes entries, and waits for nothing. Throws RangeError alone, for a number that cannot be. */
  append(entries: readonly Entry[]): void {
    try {
      for (const entry of entries) this.#cutter.add(entry)
    } finally {
      this.#schedule()
    }
  }

  /** Resolves when all that was appended is written and synced; rejects with SpoolError when the disk refuses. */
  flush(): Promise<void> {
    this.#cutter.end()
    if (this.#synced === this.#cut) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#flushes.push({ through: this.#cut, resolve, reject })
      this.#start()
    })
  }

  /** Writes what waits, if the disk lets it, and rests. Throws SpoolError when some could not be written. */
  async close(): Promise<void> {
    try {
      // What is being tried may have begun before the disk came back.
      await this.#working
      await this.flush()
    } finally {
      this.#closed = true
      this.#clearTimers()
      await this.#working
      await this.#closeFile()
    }
  }

  #clearTimers(): void {
    if (this.#workTimer !== null) clearTimeout(this.#workTimer)
    if (this.#syncTimer !== null) clearTimeout(this.#syncTimer)
    this.#workTimer = null
    this.#syncTimer = null
  }

  #schedule(): void {
    if (this.#working !== null || this.pendingBytes === 0) return
    if (this.#waitingBytes >= BLOCK_BYTES && !this.#failing) this.#start()
    else this.#workTimer ??= setTimeout(() => this.#start(), this.#options.everyMs)
  }

  #start(): void {
    if (this.#working !== null || this.#closed) return
    if (this.#workTimer !== null) clearTimeout(this.#workTimer)
    this.#workTimer = null
    this.#working = this.#work()
  }

  async #work(): Promise<void> {
    try {
      this.#cutter.end()
      for (let block = this.#waiting[0]; block !== undefined; block = this.#waiting[0]) {
        await this.#write(block)
        this.#waiting.shift()
        this.#waitingBytes -= block.bytes.length
        this.#written += 1
        this.#options.written()
      }
      if (this.#flushes.length > 0 || this.#failing) await this.#sync()
      else this.#syncSoon()
      if (this.#failing) this.#options.failing(null)
      this.#failing = false
      this.#working = null
      this.#schedule()
    } catch (error) {
      await this.#fail(error)
    }
  }

  async #write({ file, bytes }: WaitingBlock): Promise<void> {
    const { handle, place } = await this.#openFile(file)
    if (place.end === 0) {
      await writeAll(handle, HEADER, 0)
      place.end = HEADER.length
    }
    // Over what an attempt that failed may have left of it.
    await writeAll(handle, bytes, place.end)
    place.end += bytes.length
  }

  async #openFile(number: number) {
    const { files } = this.#options
    if (this.#open?.number !== number) {
      if (files.last?.number !== number) await this.#sync()
      await this.#closeFile()
      this.#open = { number, handle: await files.openToWrite(number) }
      await files.syncNames()
    }
    const place = files.last
    if (place?.number !== number) throw new Error('a block for a file that is past')
    return { handle: this.#open.handle, place }
  }

  #syncSoon(): void {
    if (this.#syncTimer !== null || this.#synced === this.#written || this.#closed) return
    const waitMs = Math.max(0, this.#lastSync + this.#options.syncMs - Date.now())
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = null
      // Closed since: by a failure, whose next attempt syncs.
      if (this.#open === null) return
      this.#sync().then(
        () => this.#syncSoon(),
        (error: unknown) => this.#failAfterWork(error),
      )
    }, waitMs)
  }

  async #failAfterWork(error: unknown): Promise<void> {
    while (this.#working !== null) await this.#working
    this.#working = this.#fail(error)
  }

  /** Syncs what is written. Throws as the file system does. */
  async #sync(): Promise<void> {
    await this.#syncing
    const written = this.#written
    const last = this.#options.files.last
    if (this.#synced === written || last === null) return
    this.#open ??= {
      number: last.number,
      handle: await this.#options.files.openToWrite(last.number),
    }
    this.#lastSync = Date.now()
    this.#syncing = this.#open.handle.datasync()
    try {
      await this.#syncing
      this.#synced = written
    } finally {
      this.#syncing = null
    }
    this.#flushes = this.#flushes.filter(({ through, resolve }) => {
      if (through <= written) resolve()
      return through > written
    })
  }

  async #fail(error: unknown): Promise<void> {
    const detail = diskDetail(error)
    // Opened anew for the next attempt: what is at fault may have been put right elsewhere.
    await this.#closeFile()
    const flushes = this.#flushes
    this.#flushes = []
    const refusal = new SpoolError('disk', `the spool cannot be written: ${detail}`, error)
    for (const { reject } of flushes) reject(refusal)
    this.#failing = true
    this.#working = null
    this.#clearTimers()
    if (!this.#closed) this.#workTimer = setTimeout(() => this.#start(), RETRY_MS)
    this.#options.failing(detail)
  }

  async #closeFile(): Promise<void> {
    const open = this.#open
    this.#open = null
    await this.#syncing?.catch(() => {})
    // What it could not keep was said when it was written or synced.
    await open?.handle.close().catch(() => {})
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}
