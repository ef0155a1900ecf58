import type { Micros } from './instant.ts'
import { keepOpening, keptOpening } from './kept-opening.ts'
import type { BookRecord, Seq } from './log.ts'
import type { PackedRecords } from './packed-records.ts'
import { type LiveBook, type SealedRun, sealDay, sealRun } from './sealed-run.ts'
import { dayStarts } from './sealing.ts'
import type { Opening } from './segment.ts'

type Stamp = { readonly seq: Seq; readonly recv: Micros }

/** Records that cannot be sealed: from a run that does not make its book up to where the log begins anew. */
export type FailedRun = { readonly first: Stamp; readonly last: Stamp; readonly reason: string }

/** How far a log is sealed. */
export type LogSeal = {
  /** How it stands after what is sealed, as core/kept-opening keeps it. */
  readonly opening: string
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
 * Seals runs of one log, and the starts of the days between them and up to `next`. After a run that cannot be sealed the
 * log goes on where it begins anew: a gap or a snapshot needs nothing of what was before.
 * @param runs the records of each, in order
 * @param next recv of the record after them, or the present while there is none
 * @param live the live book, null while it is not known
 */
export function sealLog(
  before: LogSeal,
  runs: readonly PackedRecords[],
  next: Micros,
  live: LiveBook | null,
): SealedPart {
  const sealed: SealedRun[] = []
  const failed: FailedRun[] = []
  let opening = keptOpening(before.opening)
  let { failing } = before
  let suspect: Micros | null = null
  const push = (run: SealedRun) => {
    sealed.push(run)
    opening = run.closing
  }
  for (const [i, run] of runs.entries()) {
    const [skipped, records] = parted(newer(run.records(), opening), failing !== null)
    const last = skipped.at(-1)
    if (failing !== null && last !== undefined) failing = { ...failing, last: stampOf(last) }
    const [first] = records
    if (first === undefined) continue
    if (failing !== null) failed.push(failing)
    failing = null
    for (const day of silentDays(opening, first.recv)) push(day)
    const outcome = sealRun(opening, records, i === runs.length - 1 ? live : null)
    if (outcome.kind === 'sealed') push(outcome)
    else {
      failing = { first: stampOf(first), last: run.last, reason: outcome.reason }
      suspect ??= opening.kind === 'new' ? first.recv : opening.recv
    }
  }
  if (failing === null) for (const day of silentDays(opening, next)) push(day)
  else failed.push(failing)
  const over = opening.kind === 'new' || opening.closed
  return { runs: sealed, failed, suspect, after: { opening: keepOpening(opening), failing }, over }
}

/** What is not sealed already. */
function newer(records: readonly BookRecord[], opening: Opening): readonly BookRecord[] {
  if (opening.kind === 'new' || (records[0]?.seq ?? 0) > opening.seq) return records
  return records.filter(({ seq }) => seq > opening.seq)
}

/** What says nothing after a failure, and what does. */
function parted(
  records: readonly BookRecord[],
  failing: boolean,
): [readonly BookRecord[], readonly BookRecord[]] {
  if (!failing) return [[], records]
  const anew = records.findIndex(({ kind }) => kind === 'gap' || kind === 'snapshot')
  return anew < 0 ? [records, []] : [records.slice(0, anew), records.slice(anew)]
}

function silentDays(opening: Opening, next: Micros): SealedRun[] {
  if (opening.kind === 'new' || opening.closed) return []
  return dayStarts(opening.recv, next).flatMap((day) => {
    const sealed = sealDay(opening, day)
    return sealed.kind === 'sealed' ? [sealed] : []
  })
}

function stampOf({ seq, recv }: BookRecord): Stamp {
  return { seq, recv }
}
