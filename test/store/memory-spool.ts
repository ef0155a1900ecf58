import type { Entry } from '#core/entry'
import type { Spool } from '../../collector/spool/spool.ts'
import type { Position } from '../../collector/spool/spool-position.ts'
import type { SpoolBatch } from '../../collector/spool/spool-reader.ts'

/** A spool without a disk, for tests of thousands of crashes. What is appended together is one block. */
export class MemorySpool implements Pick<Spool, 'append' | 'read' | 'drained' | 'rewind'> {
  /** Null is a block that the disk spoilt. */
  readonly #blocks: (readonly Entry[] | null)[] = []
  #drained = 0
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

  async drained({ offset }: Position): Promise<void> {
    this.#drained = Math.max(this.#drained, offset)
  }

  rewind(): void {
    this.#read = this.#drained
  }

  /** The process is gone, and with it what was not on the disk yet; a power loss makes the disk forget what was drained last. */
  crash(unwritten: number, forgotten: number): void {
    const kept = Math.max(this.#drained, this.#blocks.length - unwritten)
    this.#blocks.length = kept
    this.#drained = Math.max(0, this.#drained - forgotten)
    this.rewind()
  }

  /** The disk spoils one of the blocks that are not drained. */
  spoil(which: number): void {
    const left = this.#blocks.length - this.#drained
    if (left > 0) this.#blocks[this.#drained + (which % left)] = null
  }
}
