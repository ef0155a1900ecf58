import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import type { Micros } from '#core/instant'
import { keepOpening } from '#core/kept-opening'
import type { BookRecord, Seq } from '#core/log'
import { integer, micros, recordOf } from '#core/log-row'
import { type FailedRun, type LogSeal, type SealedPart, sealLog } from '#core/log-sealing'
import { PackedRecords } from '#core/packed-records'
import { continues, isFull, RUN_RECORDS } from '#core/sealing'
import { logEvent } from '../log-event.ts'
import { codeOf, type LogPart, logPart, writeParts } from '../seal-writer.ts'
import type { Hold } from './lease.ts'
import {
  nextSealed,
  type Span,
  type SpanRow,
  type SpanStart,
  spanRows,
  spanStarts,
  unsealedSpans,
} from './unsealed-spans.ts'

/** Markets that are looked at together; of each, one run's rows are read at a time. */
const MARKETS_AT_ONCE = 32
/** Bytes of ladders that are read of each market at a time: a log may be of large snapshots alone. */
const LADDER_BYTES = 512 * 1024
const RETRY_MS = 1000
/** A day's start is sealed only between two records: none before this. */
const NO_NEXT = 0 as Micros
const NOTHING: SpanStart = {
  after: -1 as Seq,
  opening: null,
  sealedUs: 0 as Micros,
  failing: null,
}

type Work = { readonly span: Span; after: Seq; seal: LogSeal }
type Made = {
  readonly work: Work
  /** The first record in it; null when it has none. */
  readonly first: FailedRun['first'] | null
  readonly after: Seq
  readonly whole: boolean
}

export type SealRecoveryOptions = {
  readonly sql: Sql
  readonly hold: Hold
  /** Hears what was sealed. */
  readonly sealed?: (segments: number, records: number) => void
}

/**
 * Seals what earlier epochs left unsealed in `book_deltas`: what a crash left, and what a spool that came back late filled
 * in between two segments. Rows that make no book are left as they are. What is written is written for good, so that it may
 * end at any moment and be done again.
 */
export class SealRecovery {
  readonly #sql: Sql
  readonly #hold: Hold
  readonly #sealed: (segments: number, records: number) => void
  /** By market, what is left to do, oldest first; null until it was looked for. */
  #left: Map<number, Span[]> | null = null
  readonly #begun = new Map<number, Work>()
  #stopping = false
  #running: Promise<void> = Promise.resolve()
  /** Segments and records sealed, and runs that could not be. */
  readonly counts = { segments: 0, records: 0, failed: 0 }

  constructor({ sql, hold, sealed = () => {} }: SealRecoveryOptions) {
    this.#sql = sql
    this.#hold = hold
    this.#sealed = sealed
  }

  /** Whether everything that earlier epochs wrote of a log is sealed, or given up. */
  recovered(marketId: number): boolean {
    return this.#left !== null && !this.#left.has(marketId)
  }

  /** Recovers in the background; while Postgres is away it tries again. */
  start(): void {
    this.#running = this.#persist()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  /** Seals all that is left. Throws as Postgres does; then it goes on from there when it is called again. */
  async run(): Promise<'recovered' | 'stopped' | 'lease_lost'> {
    this.#left ??= byMarket(await unsealedSpans(this.#sql, this.#hold.epoch))
    while (this.#left.size > 0) {
      if (this.#stopping) return 'stopped'
      const spans: Span[] = []
      for (const [span] of this.#left.values()) {
        if (span !== undefined) spans.push(span)
        if (spans.length === MARKETS_AT_ONCE) break
      }
      if ((await this.#seal(spans)) === 'lease_lost') return 'lease_lost'
    }
    if (this.counts.segments > 0) logEvent('seals_recovered', this.counts)
    return 'recovered'
  }

  async #persist(): Promise<void> {
    for (let failed = 0; ; failed++) {
      try {
        await this.run()
        return
      } catch (error) {
        if (failed === 0) logEvent('seal_recovery_failed', { reason: codeOf(error) })
        if (this.#stopping) return
        await sleep(RETRY_MS)
      }
    }
  }

  /** Seals the next run of each of these spans, of different markets. */
  async #seal(spans: readonly Span[]): Promise<'sealed' | 'lease_lost'> {
    const fresh = spans.filter(({ marketId }) => !this.#begun.has(marketId))
    const starts = await spanStarts(this.#sql, fresh)
    for (const span of fresh) this.#begun.set(span.marketId, begin(span, starts.get(span.marketId)))
    const works = spans.flatMap(({ marketId }) => this.#begun.get(marketId) ?? [])
    const rows = await spanRows(this.#sql, works, RUN_RECORDS + 1, LADDER_BYTES)
    const nexts = await nextSealed(this.#sql, spans)
    const parts: LogPart<Made>[] = []
    for (const work of works) {
      const { marketId } = work.span
      parts.push(make(work, rows.get(marketId) ?? [], nexts.get(marketId) ?? NO_NEXT))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const outcome = await writeParts(this.#sql, this.#hold, parts)
    if (outcome === 'lease_lost') return outcome
    for (const part of outcome.written) this.#settle(part)
    for (const { part, code } of outcome.refused) this.#refuse(part, code)
    return 'sealed'
  }

  #settle({ of: { work, after, whole }, part, segments }: LogPart<Made>): void {
    const { marketId } = work.span
    const records = segments.reduce((sum, { row }) => sum + row.records, 0)
    this.counts.segments += segments.length
    this.counts.records += records
    this.#sealed(segments.length, records)
    for (const { first, last, reason } of part.failed) {
      if (first.seq === work.seal.failing?.first.seq) continue
      this.counts.failed += 1
      logEvent('seal_failure', { market_id: marketId, first: first.seq, last: last.seq, reason })
    }
    work.seal = part.after
    work.after = after
    if (whole) this.#finish(marketId)
  }

  /** What Postgres will not take is noted the next time, with the runs that follow it. */
  #refuse({ of: { work, after, first: given } }: LogPart<Made>, code: string): void {
    const { recv, marketId } = work.span
    const first = given ?? { seq: (work.after + 1) as Seq, recv }
    work.seal = { ...work.seal, failing: { first, last: { seq: after, recv }, reason: code } }
    work.after = after
    logEvent('seal_failure', { market_id: marketId, first: first.seq, last: after, reason: code })
    this.counts.failed += 1
  }

  #finish(marketId: number): void {
    this.#begun.delete(marketId)
    const spans = this.#left?.get(marketId)
    spans?.shift()
    if (spans?.length === 0) this.#left?.delete(marketId)
  }
}

function byMarket(spans: readonly Span[]): Map<number, Span[]> {
  const markets = new Map<number, Span[]>()
  for (const span of spans) {
    const of = markets.get(span.marketId)
    if (of === undefined) markets.set(span.marketId, [span])
    else of.push(span)
  }
  return markets
}

function begin(span: Span, start: SpanStart | undefined): Work {
  const { after, opening, sealedUs, failing } = start ?? NOTHING
  // What follows a segment that cannot be read must begin anew to be sealed.
  const kept = keepOpening(opening ?? { kind: 'new' })
  return { span, after, seal: { opening: kept, sealedUs, failing } }
}

function make(work: Work, rows: readonly SpanRow[], next: Micros): LogPart<Made> {
  const lastRow = rows.at(-1)
  const more = lastRow !== undefined && (integer(lastRow.seq) as number) < work.span.seq
  const { runs, bad } = runsOf(rows)
  const last = runs.at(-1)
  // The rest of a run that goes on is read again with what follows it.
  if (more && bad === null && runs.length > 1 && last !== undefined && !isFull(last)) runs.pop()
  const whole = !more && bad === null
  const part = withBad(sealLog(work.seal, runs, whole ? next : NO_NEXT, null), bad)
  const after = whole ? work.span.seq : (bad?.last.seq ?? runs.at(-1)?.last.seq ?? work.span.seq)
  const first = runs[0]?.first ?? bad?.first ?? null
  return logPart({ work, first, after, whole: after >= work.span.seq }, work.span.marketId, part)
}

/** Rows as runs, up to the first that is no record, does not follow or says what none could. */
function runsOf(rows: readonly SpanRow[]): { runs: PackedRecords[]; bad: FailedRun | null } {
  const runs: PackedRecords[] = []
  for (const row of rows) {
    const record = recordOf(row)
    if (record === null || !follows(runs, record)) {
      const stamp = { seq: integer(row.seq) as Seq, recv: micros(row.recv_us) as Micros }
      return { runs, bad: { first: stamp, last: stamp, reason: 'row_unreadable' } }
    }
  }
  return { runs, bad: null }
}

/** Adds a record, if it follows. */
function follows(runs: PackedRecords[], record: BookRecord): boolean {
  const run = runs.at(-1)
  if (run !== undefined && record.recv < run.last.recv) return false
  try {
    if (run !== undefined && continues(run, record)) run.add(record)
    else runs.push(new PackedRecords(record))
    return true
  } catch (error) {
    // A number that no record has.
    if (error instanceof RangeError) return false
    throw error
  }
}

function withBad(part: SealedPart, bad: FailedRun | null): SealedPart {
  if (bad === null) return part
  return { ...part, failed: [...part.failed, bad], after: { ...part.after, failing: bad } }
}
