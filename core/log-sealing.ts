import type { Micros } from './instant.ts'
import { keepOpening, keptOpening } from './kept-opening.ts'
import type { BookRecord, Seq } from './log.ts'
import type { PackedRecords } from './packed-records.ts'
import { type LiveBook, type SealedRun, sealDay, sealRun } from './sealed-run.ts'
import { dayStarts } from './sealing.ts'
import type { Opening } from './segment.ts'
import { begins } from './segment-fold.ts'

type Stamp = { readonly seq: Seq; readonly recv: Micros }

/** Records that cannot be sealed: from a run that does not make its book up to where the log begins anew. */
export type FailedRun = { readonly first: Stamp; readonly last: Stamp; readonly reason: string }

/** How far a log is sealed. */
export type LogSeal = {
  /** How it stands after what is sealed, as core/kept-opening keeps it. */
  readonly opening: string
  /** Where its last segment begins: no day up to there needs a start any more. 0 when nothing is sealed. */
  readonly sealedUs: Micros
  /** The run that failed, while the log has not begun anew since. */
  readonly failing: FailedRun | null
}

/** Runs of one log as they are to be stored. */
export type SealedPart = {
  readonly runs: readonly SealedRun[]
  /** Records that stay as they are. */
  readonly failed: readonly FailedRun[]
  /** Since when the log's book is not to be believed; null when all is well. */
  readonly suspect: Micros | null
  readonly after: LogSeal
  readonly over: boolean
}

/**
 * Seals runs of one log, and the starts of the days between them and up to `next`, but for those that are sealed. After a run that cannot be sealed the
 * log goes on where it begins anew: a gap or a snapshot needs nothing of what was before.
 * @param runs the records of each, in order
 * @param next recv of the record after them, or, while there is none, a moment before which none can come
 * @param live the live book, null while it is not known
 */
export function sealLog(
  before: LogSeal,
  runs: readonly PackedRecords[],
  next: Micros,
  live: LiveBook | null,
): SealedPart {
  const chain = new Chain(before)
  for (const [i, run] of runs.entries()) {
    const records = newer(run.records(), chain.opening)
    const known = i === runs.length - 1 ? live : null
    chain.add(records, known)
  }
  return chain.end(next)
}

/** Segments of one log, each opening as the one before it closes. */
class Chain {
  opening: Opening
  sealedUs: Micros
  failing: FailedRun | null
  readonly #runs: SealedRun[] = []
  readonly #failed: FailedRun[] = []
  #suspect: Micros | null = null
  #reason = ''

  constructor({ opening, sealedUs, failing }: LogSeal) {
    this.opening = keptOpening(opening)
    this.sealedUs = sealedUs
    this.failing = failing
  }

  /** Seals what follows. Only what is wrong, and what follows it up to where the log begins anew, is left out. */
  add(records: readonly BookRecord[], live: LiveBook | null): void {
    let left = records
    if (this.failing !== null) {
      const [skipped, rest] = partedAt(left, left.findIndex(begins))
      const last = skipped.at(-1)
      if (last !== undefined) this.failing = { ...this.failing, last: stampOf(last) }
      left = rest
    }
    while (left.length > 0 && !this.#seals(left, live)) {
      const [part, rest] = partedAt(
        left,
        left.findIndex((record, i) => i > 0 && begins(record)),
      )
      if (rest.length === 0 || !this.#seals(part, null)) this.#fail(part)
      left = rest
    }
  }

  end(next: Micros): SealedPart {
    const { failing } = this
    if (failing === null) this.#pushDays(next)
    return {
      runs: this.#runs,
      failed: failing === null ? this.#failed : [...this.#failed, failing],
      suspect: this.#suspect,
      after: { opening: keepOpening(this.opening), sealedUs: this.sealedUs, failing },
      over: this.opening.kind === 'new' || this.opening.closed,
    }
  }

  #seals(records: readonly BookRecord[], live: LiveBook | null): boolean {
    const [first] = records
    const outcome = sealRun(this.opening, records, live)
    if (first === undefined || outcome.kind === 'failed') {
      this.#reason = outcome.kind === 'failed' ? outcome.reason : ''
      return false
    }
    this.#noteFailure()
    this.#pushDays(first.recv)
    this.#push(outcome)
    return true
  }

  #fail(records: readonly BookRecord[]): void {
    const [first, last] = [records[0], records.at(-1)]
    if (first === undefined || last === undefined) return
    this.#noteFailure()
    this.failing = { first: stampOf(first), last: stampOf(last), reason: this.#reason }
    this.#suspect ??= this.opening.kind === 'new' ? first.recv : this.opening.recv
  }

  /** What failed before ends where the log begins anew. */
  #noteFailure(): void {
    if (this.failing !== null) this.#failed.push(this.failing)
    this.failing = null
  }

  #push(run: SealedRun): void {
    this.#runs.push(run)
    this.opening = run.closing
    this.sealedUs = run.row.first_us
  }

  #pushDays(next: Micros): void {
    if (this.opening.kind === 'new' || this.opening.closed) return
    // A run that was sealed after the start of a later day lets that day begin anew.
    const last = Math.max(this.opening.recv, this.sealedUs) as Micros
    for (const day of dayStarts(last, next)) {
      const sealed = sealDay(this.opening, day)
      if (sealed.kind === 'sealed') this.#push(sealed)
    }
  }
}

/** Records before a place and from there on; all of them before it when there is none. */
function partedAt(
  records: readonly BookRecord[],
  at: number,
): [readonly BookRecord[], readonly BookRecord[]] {
  return at < 0 ? [records, []] : [records.slice(0, at), records.slice(at)]
}

/** What is not sealed already. */
function newer(records: readonly BookRecord[], opening: Opening): readonly BookRecord[] {
  if (opening.kind === 'new' || (records[0]?.seq ?? 0) > opening.seq) return records
  return records.filter(({ seq }) => seq > opening.seq)
}

function stampOf({ seq, recv }: BookRecord): Stamp {
  return { seq, recv }
}
