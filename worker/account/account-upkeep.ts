import type { UsageRow } from '#core/account-word'
import { backoffMs } from '#core/backoff'
import { crc32 } from '#core/checksum'
import type { Micros } from '#core/instant'
import { hourOf } from '#core/period'
import { isVisitors } from '#core/visitor-standing'
import { logFault } from '../log-fault.ts'
import { KNOWN_MS, type SpendMemory } from './account-memory.ts'
import type { Purse } from './account-purse.ts'
import type { Spending } from './account-spending.ts'
import type { KnownAccount } from './account-terms.ts'
import { MOST_TOLD, type TotalRow, type Usage } from './account-usage.ts'
import type { LeaseMemory } from './lease-memory.ts'

/** The ledger is at most a minute behind: so long (ms) after the first change it is told, and so long telling may take. */
const TELL_MS = 55_000
/** An hour is closed so long after its end at the earliest, ms, and so much later as its account's name says. */
const CLOSE_MS = 120_000
const CLOSE_SPREAD_MS = 180_000
const HOUR_MS = 3_600_000

export type UpkeepParts = {
  readonly name: string
  readonly storage: DurableObjectStorage
  readonly memory: SpendMemory
  readonly purse: Purse
  readonly usage: Usage
  readonly spending: Spending
  readonly leases: LeaseMemory
  /** The account as it is known; null before the first reading. */
  readonly known: () => KnownAccount | null
  readonly nowMs: () => number
  /** Throws DatabaseAwayError. */
  readonly write: (usage: readonly UsageRow[], totals: readonly TotalRow[]) => Promise<void>
}

/** What an account does by the clock: sums are kept, hours are closed, the ledger is told, the old is forgotten. */
export class Upkeep {
  readonly #parts: UpkeepParts
  readonly #closeMs: number
  /** When the alarm comes, by the platform's clock; null when none does. */
  #armedMs: number | null = null
  #failures = 0

  constructor(parts: UpkeepParts) {
    this.#parts = parts
    this.#closeMs = CLOSE_MS + (crc32(parts.name) % CLOSE_SPREAD_MS)
  }

  /** Learns when the alarm comes, which an eviction does not put off; to be done before anything else is. */
  async begin(): Promise<void> {
    const { storage, usage, spending } = this.#parts
    this.#armedMs = await storage.getAlarm()
    // What was settled before an eviction waits no longer than it would have.
    if (usage.isPending || spending.isHolding) this.changed()
  }

  /** Something has changed that the ledger is to be told of. */
  changed(): void {
    this.#arm(TELL_MS)
    if (this.#parts.usage.isFull) this.fold()
  }

  /** Keeps what was settled as sums, all in one turn. */
  fold(): void {
    const { name, memory, purse, usage } = this.#parts
    if (!usage.isPending) return
    if (isVisitors(name)) usage.drop()
    else usage.keep()
    purse.keep()
    memory.folded()
  }

  /** Closes hours that are due and tells the ledger all that it does not know. Throws DatabaseAwayError. */
  async closeDue(): Promise<void> {
    const { name, memory, usage, spending, leases, known, nowMs, write } = this.#parts
    const account = known()
    if (account !== null) spending.releaseDue(account, nowMs())
    this.fold()
    memory.forget(nowMs())
    leases.forget(nowMs())
    if (isVisitors(name)) return
    const closedUs = usage.close(hourOf(((nowMs() - this.#closeMs) * 1000) as Micros))
    for (;;) {
      const untold = usage.untold()
      if (untold.usage.length + untold.totals.length === 0) break
      await write(untold.usage, untold.totals)
      usage.told(untold.usage, untold.totals)
      if (Math.max(untold.usage.length, untold.totals.length) < MOST_TOLD) break
    }
    usage.allTold(closedUs, (nowMs() * 1000) as Micros)
  }

  /** The alarm has come. Never throws: the platform would give up after some times. */
  async alarm(): Promise<void> {
    this.#armedMs = null
    try {
      await this.closeDue()
      this.#failures = 0
    } catch (error) {
      logFault(error, `account ${this.#parts.name}`)
      this.#failures += 1
      this.#arm(1000 + backoffMs(this.#failures, Math.random()))
    }
    const nextMs = this.#nextMs()
    if (nextMs !== null) this.#arm(nextMs)
  }

  /** How long until there is something to do, ms; null for never. */
  #nextMs(): number | null {
    const { memory, usage, spending, nowMs } = this.#parts
    if (spending.isHolding || usage.isPending) return TELL_MS
    const openUs = usage.openUs
    if (openUs !== null)
      return Math.max(1000, openUs / 1000 + HOUR_MS + this.#closeMs + 1000 - nowMs())
    return memory.isForgetful ? KNOWN_MS : null
  }

  #arm(inMs: number): void {
    const atMs = Date.now() + inMs
    if (this.#armedMs !== null && this.#armedMs <= atMs) return
    this.#armedMs = atMs
    void this.#parts.storage.setAlarm(atMs)
  }
}
