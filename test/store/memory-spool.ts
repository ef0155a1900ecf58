import type { Entry } from '#core/entry'
import type { Spool } from '../../collector/spool/spool.ts'
import type { Position } from '../../collector/spool/spool-position.ts'
import type { SpoolBatch } from '../../collector/spool/spool-reader.ts'

/** A spool without a disk, for tests of thousands of crashes. What is appended together is one block. */
export class MemorySpool implements Pick<Spool, 'append' | 'read' | 'drained' | 'rewind'> {
  /** Null is a block that the disk spoilt. */
  readonly #blocks: (readonly Entry[] | null)[] = []
  /** Up to where it was drained, and where it was before that. */
  #drains: number[] = [0]
  #read = 0

  append(entries: readonly Entry[]): void {
    this.#blocks.push(entries)
  }

  async read(most: number): Promise<SpoolBatch | null> {
    const entries: Entry[] = []
    let lost = false
    for (; this.#read < this.#blocks.length; this.#read += 1) {
      const block = this.#blocks[this.#read] ?? null
      if (entries.length > 0 && (block === null || entries.length + block.length > most)) break
      lost ||= block === null
      entries.push(...(block ?? []))
    }
    if (entries.length === 0 && !lost) return null
    return { entries, position: { file: 1, offset: this.#read }, lost }
  }

  get #drained(): number {
    return this.#drains.at(-1) ?? 0
  }

  async drained({ offset }: Position): Promise<void> {
    if (offset > this.#drained) this.#drains.push(offset)
  }

  rewind(): void {
    this.#read = this.#drained
  }

  /** The process is gone, and with it what was not on the disk yet; a power loss makes the disk forget the last times that it was drained. */
  crash(unwritten: number, forgotten: number): void {
    this.#blocks.length = Math.max(this.#drained, this.#blocks.length - unwritten)
    this.#drains.length = Math.max(1, this.#drains.length - forgotten)
    this.rewind()
  }

  /** The disk spoils one of the blocks that are not drained. */
  spoil(which: number): void {
    const left = this.#blocks.length - this.#drained
    if (left > 0) this.#blocks[this.#drained + (which % left)] = null
  }
}
