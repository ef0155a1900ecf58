import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'

const EVERY_MS = 50

/** Looks at the lease and the watermarks all the time: no epoch is drawn twice, and nothing goes back. */
export class StoreWatch {
  readonly #sql: Sql
  readonly #problems = new Set<string>()
  /** The lease text under which each epoch was drawn. */
  readonly #leases = new Map<number, string>()
  #through = new Map<number, number>()
  #epoch = -1
  #running = true
  readonly #looking: Promise<void>

  constructor(sql: Sql) {
    this.#sql = sql
    this.#looking = this.#look()
  }

  /** An older store took its place: it may hold less than before, and still no epoch may be drawn anew. */
  restored(): void {
    this.#through = new Map()
    this.#epoch = -1
  }

  /** What was found wrong since the last time. */
  take(): string[] {
    const problems = [...this.#problems]
    this.#problems.clear()
    return problems
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#looking
  }

  async #look(): Promise<void> {
    while (this.#running) {
      // Postgres may be away.
      await this.#once().catch(() => {})
      await sleep(EVERY_MS)
    }
  }

  async #once(): Promise<void> {
    const rows = await this.#sql`
      select 'lease' as what, epoch::text, lease, '0' as us from kb.lease
      union all select 'epoch', epoch::text, lease, recorded_through_us::text from kb.epochs`
    for (const row of rows) {
      const [epoch, lease, us] = [Number(row['epoch']), String(row['lease']), Number(row['us'])]
      if ((this.#leases.get(epoch) ?? lease) !== lease) {
        this.#problems.add(`epoch ${epoch} was drawn twice`)
      }
      this.#leases.set(epoch, lease)
      if (row['what'] === 'lease') {
        if (epoch < this.#epoch) this.#problems.add(`the lease went back to epoch ${epoch}`)
        this.#epoch = epoch
        continue
      }
      const before = this.#through.get(epoch) ?? 0
      if (us < before) this.#problems.add(`the watermark of epoch ${epoch} went back`)
      this.#through.set(epoch, us)
    }
  }
}
