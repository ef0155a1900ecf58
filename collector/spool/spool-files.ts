import { constants } from 'node:fs'
import { type FileHandle, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Micros } from '#core/instant'
import { blockAt, findBlock, HEAD, headRecv } from './spool-block.ts'
import { SpoolError } from './spool-error.ts'
import { isBehind, type Position } from './spool-position.ts'

/** How every file begins; the last byte is the version of what follows. */
export const HEADER = Buffer.from('KBSPOOL1')
const NAMED = HEADER.subarray(0, -1)
const NAME = /^(\d{10})\.spool$/

/** One file of the spool; `end` is where its last whole block ends. */
export type SpoolFile = { readonly number: number; end: number }

/** The files of a spool, oldest first. Blocks are added to the last only, by one process. */
export class SpoolFiles {
  readonly #dir: string
  #files: SpoolFile[]

  private constructor(dir: string, files: SpoolFile[]) {
    this.#dir = dir
    this.#files = files
  }

  /**
   * Finds the files of a folder, and cuts what a crash left half written at the end of the last.
   * Throws SpoolError `format` when a later version wrote one, or as the file system does.
   */
  static async open(dir: string): Promise<SpoolFiles> {
    const numbers = (await readdir(dir)).flatMap((name) => NAME.exec(name)?.[1] ?? [])
    const files = new SpoolFiles(dir, [])
    for (const number of numbers.map(Number).sort((a, b) => a - b)) {
      files.#files.push({ number, end: await lengthOf(files.path(number)) })
    }
    const last = files.#files.at(-1)
    if (last !== undefined) last.end = await cutTail(files.path(last.number))
    return files
  }

  get count(): number {
    return this.#files.length
  }

  get last(): SpoolFile | null {
    return this.#files.at(-1) ?? null
  }

  path(number: number): string {
    return join(this.#dir, `${String(number).padStart(10, '0')}.spool`)
  }

  /** Opens a file for writing; makes it when it is not there. Throws as the file system does. */
  async openToWrite(number: number): Promise<FileHandle> {
    const handle = await open(this.path(number), constants.O_WRONLY | constants.O_CREAT, 0o600)
    if (this.last?.number !== number) this.#files.push({ number, end: 0 })
    return handle
  }

  /** Makes the names of new files durable. Throws as the file system does. */
  async syncNames(): Promise<void> {
    const handle = await open(this.#dir, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  /** The file and place of the first block at or behind a position; null when there is none yet. */
  next(position: Position): { readonly file: SpoolFile; readonly offset: number } | null {
    for (const file of this.#files) {
      const offset = file.number === position.file ? position.offset : HEADER.length
      if (file.number >= position.file && offset < file.end) return { file, offset }
    }
    return null
  }

  /** Bytes of blocks behind a position. */
  bytesBehind(position: Position): number {
    return this.#files.reduce((sum, { number, end }) => {
      const from = number === position.file ? position.offset : HEADER.length
      return number < position.file ? sum : sum + Math.max(0, end - from)
    }, 0)
  }

  /** recv of the first entry at or behind a position, null when nothing is there or it bears none. Throws as the disk. */
  async recvAt(position: Position): Promise<Micros | null> {
    const next = this.next(position)
    if (next === null) return null
    const handle = await open(this.path(next.file.number), 'r')
    try {
      const head = Buffer.alloc(HEAD)
      await handle.read(head, 0, HEAD, next.offset)
      return headRecv(head)
    } finally {
      await handle.close()
    }
  }

  /** Deletes the files that lie wholly before a position, but the last. Throws as the file system does. */
  async forget(position: Position): Promise<void> {
    for (const file of this.#files.slice(0, -1)) {
      if (isBehind({ file: file.number, offset: file.end }, position)) return
      await rm(this.path(file.number), { force: true })
      this.#files = this.#files.filter((other) => other !== file)
    }
  }
}

async function lengthOf(path: string): Promise<number> {
  const handle = await open(path, 'r')
  try {
    const header = Buffer.alloc(HEADER.length)
    const { bytesRead } = await handle.read(header, 0, header.length, 0)
    // A header that is no header at all was never whole, or the disk spoilt it: its blocks speak for themselves.
    const ours = bytesRead === HEADER.length && header.subarray(0, NAMED.length).equals(NAMED)
    if (ours && !header.equals(HEADER)) throw new SpoolError('format', `${path} has another format`)
    return (await handle.stat()).size
  } finally {
    await handle.close()
  }
}

/** Cuts what stands behind the last whole block. @returns the file's new length */
async function cutTail(path: string): Promise<number> {
  const bytes = await readFile(path)
  let end = Math.min(HEADER.length, bytes.length)
  for (let at = findBlock(bytes, end); at !== null; at = findBlock(bytes, end)) {
    const block = blockAt(bytes, at)
    if (block === null || 'needs' in block) break
    end = at + block.length
  }
  if (end === bytes.length) return end
  const handle = await open(path, 'r+')
  try {
    await handle.truncate(end)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  return end
}
