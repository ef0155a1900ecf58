import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/** A place between two blocks: a file's number, and bytes from its start. */
export type Position = { readonly file: number; readonly offset: number }

const NAME = 'position'
const SLOT = 24
const CRC_AT = 16

/** Whether `a` lies behind `b`. */
export function isBehind(a: Position, b: Position): boolean {
  return a.file > b.file || (a.file === b.file && a.offset > b.offset)
}

/** Up to where the spool is drained, on disk. */
export class DrainedPosition {
  readonly #file: FileHandle
  readonly #syncMs: number
  #slot: 0 | 1 = 0
  #synced = 0

  private constructor(file: FileHandle, syncMs: number) {
    this.#file = file
    this.#syncMs = syncMs
  }

  /**
   * Opens a folder's position.
   * @param syncMs least time between two syncs: after a power loss reading may begin so much earlier
   * @returns it, and what was last written; the start of all when nothing was
   * Throws as the file system does.
   */
  static async open(dir: string, syncMs: number): Promise<[DrainedPosition, Position]> {
    const flags = constants.O_RDWR | constants.O_CREAT
    const file = await open(join(dir, NAME), flags, 0o600)
    const bytes = Buffer.alloc(2 * SLOT)
    await file.read(bytes, 0, bytes.length, 0)
    // There is room for both from now on, so that a full disk does not keep us from going on.
    await file.write(bytes, 0, bytes.length, 0)
    const position = new DrainedPosition(file, syncMs)
    const [first, second] = [readSlot(bytes, 0), readSlot(bytes, 1)]
    position.#slot = isBehind(second, first) ? 0 : 1
    return [position, isBehind(second, first) ? second : first]
  }

  /** Over the older of two slots, so that a torn write leaves the other. Throws as the file system does. */
  async write({ file, offset }: Position): Promise<void> {
    const bytes = Buffer.alloc(SLOT)
    bytes.writeDoubleLE(file, 0)
    bytes.writeDoubleLE(offset, 8)
    bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT)
    await this.#file.write(bytes, 0, SLOT, this.#slot * SLOT)
    this.#slot = this.#slot === 0 ? 1 : 0
    if (Date.now() - this.#synced < this.#syncMs) return
    this.#synced = Date.now()
    await this.#file.datasync()
  }

  /** Throws as the file system does. */
  async close(): Promise<void> {
    try {
      await this.#file.datasync()
    } finally {
      await this.#file.close()
    }
  }
}

function readSlot(bytes: Buffer, slot: number): Position {
  const one = bytes.subarray(slot * SLOT, (slot + 1) * SLOT)
  const whole = crc32(one.subarray(0, CRC_AT)) === one.readUInt32LE(CRC_AT)
  return whole ? { file: one.readDoubleLE(0), offset: one.readDoubleLE(8) } : { file: 0, offset: 0 }
}
