import { chmod, mkdir } from 'node:fs/promises'
import type { Entry, Mark } from '#core/entry'
import type { Micros } from '#core/instant'
import { receivedAt } from '#core/received-at'
import { SpoolBounds } from './spool-bounds.ts'
import { diskDetail, SpoolError } from './spool-error.ts'
import { SpoolFiles } from './spool-files.ts'
import { lockSpool } from './spool-lock.ts'
import { DrainedPosition, isBehind, type Position } from './spool-position.ts'
import { type SpoolBatch, SpoolReader } from './spool-reader.ts'
import { SpoolWriter } from './spool-writer.ts'

const AGE_CHECK_MS = 1000
/** Bytes that may wait for the disk: at 60,000 changes a second about a minute's. */
const MAX_WAITING = 64 * 1024 * 1024

export type SpoolOptions = {
  readonly dir: string
  /** Undrained bytes, on disk and in memory, at which the spool is full. */
  readonly maxBytes: number
  /** Age of the oldest undrained entry at which it is full, too. */
  readonly maxAgeS: number
  readonly fileBytes: number
  readonly everyMs: number
  readonly syncMs: number
  /** The spool is full, or the disk too slow: the exchange should not be read. What is appended all the same is taken. */
  readonly full: () => void
  /** The disk refuses. What was appended is kept in memory, and tried again every second. */
  readonly failed: (reason: 'disk', detail: string) => void
  /** After `full` or `failed`: half of it is free, and the disk takes it. */
  readonly drained: () => void
}

export type SpoolStatus = {
  /** Undrained, on disk and in memory. */
  readonly bytes: number
  /** Undrained, told from the bytes. */
  readonly entries: number
  /** recv of the oldest undrained entry. */
  readonly oldestUs: Micros | null
  readonly files: number
  readonly full: boolean
  /** What the disk says while it refuses. */
  readonly failing: string | null
}

/**
 * Opens the spool of a folder, which is made when it is not there. What it holds is read before what will be appended.
 * Throws SpoolError.
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { dir } = options
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    await chmod(dir, 0o700)
    const unlock = await lockSpool(dir)
    try {
      const files = await SpoolFiles.open(dir)
      const [stored, drained] = await DrainedPosition.open(dir, options.syncMs)
      await files.forget(drained)
      const oldest = await files.recvAt(drained)
      return new Spool({ options, files, stored, drained, oldest, unlock })
    } catch (error) {
      unlock()
      throw error
    }
  } catch (error) {
    if (error instanceof SpoolError) throw error
    throw new SpoolError('disk', `no spool in ${dir}: ${diskDetail(error)}`, error)
  }
}

type Opened = {
  readonly options: SpoolOptions
  readonly files: SpoolFiles
  readonly stored: DrainedPosition
  readonly drained: Position
  readonly oldest: Micros | null
  readonly unlock: () => void
}

/** Entries on disk, between the socket that appends them and the recorder that drains them. One reader. */
export class Spool {
  readonly #files: SpoolFiles
  readonly #stored: DrainedPosition
  readonly #unlock: () => void
  readonly #writer: SpoolWriter
  readonly #reader: SpoolReader
  readonly #bounds: SpoolBounds
  readonly #ages: NodeJS.Timeout
  #drained: Position
  #oldest: Micros | null
  #onDisk: number
  #trouble: string | null = null
  #arrivals: (() => void)[] = []
  #reading: Promise<unknown> = Promise.resolve()
  #rewound = false
  #closed = false

  constructor({ options, files, stored, drained, oldest, unlock }: Opened) {
    this.#files = files
    this.#stored = stored
    this.#unlock = unlock
    this.#drained = drained
    this.#oldest = oldest
    this.#onDisk = files.bytesBehind(drained)
    const maxAgeUs = options.maxAgeS * 1_000_000
    this.#bounds = new SpoolBounds({ ...options, maxAgeUs, maxWaiting: MAX_WAITING })
    this.#reader = new SpoolReader(files, drained)
    this.#writer = new SpoolWriter({
      ...options,
      files,
      first: Math.max(files.last?.number ?? 0, drained.file) + 1,
      written: () => {
        this.#onDisk = files.bytesBehind(this.#drained)
        this.#arrive()
      },
      failing: (detail) => this.#bounds.disk(detail),
    })
    this.#ages = setInterval(() => this.#measure(), AGE_CHECK_MS).unref()
  }

  /**
   * Takes entries; they are written soon. It waits for nothing, whatever the disk does, and takes what comes when it is
   * full, too; once closed it takes nothing. Throws RangeError alone, for a number that is no integer below 2⁵².
   */
  append(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined || this.#closed) return
    this.#oldest ??= receivedAt(first)
    this.#writer.append(entries)
    this.#measure()
  }

  /** Takes a mark, behind all that was appended before it. */
  mark(mark: Mark): void {
    this.append([{ kind: 'mark', mark }])
  }

  /** Resolves when all that was appended is written and synced. Throws SpoolError when the disk refuses it. */
  flush(): Promise<void> {
    return this.#writer.flush()
  }

  /**
   * The next undrained entries that are written, as whole blocks: no more than `most`, unless one block has more.
   * @returns null when there are none now, or the spool is closed
   * Throws as the file system does; the same is then read again.
   */
  read(most: number): Promise<SpoolBatch | null> {
    const read = this.#reading.then(() => {
      if (this.#closed) return null
      return this.#reader.read(most)
    })
    this.#reading = read.catch(() => {})
    return read
  }

  /** Resolves when there is something to read, or the spool is closed. */
  arrival(): Promise<void> {
    if (this.#closed || this.#rewound || this.#reader.ready) return Promise.resolve()
    return new Promise((resolve) => this.#arrivals.push(resolve))
  }

  /**
   * Forgets what was read up to a position. After a restart reading begins behind it; after a power loss perhaps a
   * little before it. It bears a disk that refuses: what was forgotten is then perhaps read once more after a restart.
   */
  async drained(position: Position): Promise<void> {
    if (!isBehind(position, this.#drained)) return
    this.#drained = position
    this.#onDisk = this.#files.bytesBehind(position)
    try {
      await this.#stored.write(position)
      await this.#files.forget(position)
      this.#oldest = (await this.#files.recvAt(position)) ?? this.#writer.pendingRecv
      this.#trouble = null
    } catch (error) {
      this.#trouble = diskDetail(error)
    }
    this.#measure()
  }

  /** Reading begins again behind the last drained position. What a read under way brings is to be thrown away. */
  rewind(): void {
    this.#rewound = true
    this.#reading = this.#reading.then(() => {
      this.#rewound = false
      this.#reader.seek(this.#drained)
    })
    this.#arrive()
  }

  status(): SpoolStatus {
    const bytes = this.#bytes()
    const { full, failing } = this.#bounds
    return {
      bytes,
      entries: Math.round(bytes / this.#writer.entryBytes),
      oldestUs: bytes === 0 ? null : this.#oldest,
      files: this.#files.count,
      full,
      failing: failing ?? this.#trouble,
    }
  }

  /** Writes what was appended and gives the folder back. Throws SpoolError when some could not be written. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#ages)
    this.#arrive()
    try {
      await this.#writer.close()
    } finally {
      await this.#reading
      await this.#reader.close()
      await this.#stored.close().catch(() => {})
      this.#unlock()
    }
  }

  #bytes(): number {
    return this.#onDisk + this.#writer.pendingBytes
  }

  #measure(): void {
    const bytes = this.#bytes()
    if (bytes === 0) this.#oldest = null
    const ageUs = this.#oldest === null ? 0 : Date.now() * 1000 - this.#oldest
    this.#bounds.measure(bytes, this.#writer.pendingBytes, ageUs)
  }

  #arrive(): void {
    const arrivals = this.#arrivals
    this.#arrivals = []
    for (const resolve of arrivals) resolve()
  }
}
