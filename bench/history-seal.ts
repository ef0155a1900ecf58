import type { Micros } from '#core/instant'
import { keepOpening } from '#core/kept-opening'
import type { BookRecord } from '#core/log'
import { type LogSeal, sealLog } from '#core/log-sealing'
import { PackedRecords } from '#core/packed-records'
import type { SealedRun } from '#core/sealed-run'
import { continues, isFull, sealedAt, turnOf } from '#core/sealing'
import type { Ticker } from '#core/ticker'

/** Cuts one log into the runs that a collector would have sealed by some moment. */
export class HistorySeal {
  readonly #turnUs: number
  #seal: LogSeal = {
    opening: keepOpening({ kind: 'new' }),
    sealedUs: 0 as Micros,
    failing: null,
  }
  #run: PackedRecords | null = null

  constructor(ticker: Ticker) {
    this.#turnUs = turnOf(ticker)
  }

  /** Takes the next record; answers what is sealed before it. Throws when a run cannot be sealed. */
  add(record: BookRecord): readonly SealedRun[] {
    const run = this.#run
    if (run === null) {
      this.#run = new PackedRecords(record)
      return []
    }
    if (continues(run, record) && record.recv < sealedAt(run, this.#turnUs)) {
      run.add(record)
      return []
    }
    this.#run = new PackedRecords(record)
    return this.#sealed([run], record.recv)
  }

  /** Ends with the moment: what is sealed by then, the start of every day included. */
  end(us: Micros): readonly SealedRun[] {
    const run = this.#run
    if (run === null) return this.#sealed([], us)
    const due = isFull(run) || sealedAt(run, this.#turnUs) <= us
    return due ? this.#sealed([run], us) : this.#sealed([], run.first.recv)
  }

  #sealed(runs: readonly PackedRecords[], next: Micros): readonly SealedRun[] {
    const part = sealLog(this.#seal, runs, next, null)
    if (part.failed.length > 0) throw new Error(`not sealed: ${part.failed[0]?.reason}`)
    this.#seal = part.after
    return part.runs
  }
}
