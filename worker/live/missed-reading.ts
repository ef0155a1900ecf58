import type { Sql } from 'postgres'
import type { BookRecord } from '#core/log'
import { LogRowError } from '#core/log-row'
import { type MissedRun, type MissedState, MOST_MISSED } from '#core/missed-run'
import type { Opening } from '#core/segment'
import { foldRecords } from '#core/segment-fold'
import type { BookMessage } from '#core/wire/stream-message'
import { askBy } from '../store/ask.ts'
import { historiesAfter } from '../store/book-history.ts'
import { listRecords } from '../store/deltas.ts'
import { LogDroppedError } from '../store/log-sweep.ts'
import { hotParts } from '../store/missed-rows.ts'
import { SegmentError } from '../store/segments.ts'

/** Which records of a market somebody missed: those after a seq, up to another, that included. */
export type Missed = {
  readonly ticker: string
  readonly after: number
  readonly until: number
}

/** What was missed, exactly as it was recorded; a miss when the store does not give all of it in time. */
export type MissedAnswer =
  | { readonly kind: 'found'; readonly messages: BookMessage[] }
  | { readonly kind: 'miss' }

export const MISS: MissedAnswer = { kind: 'miss' }

/** What is being looked for, and what is known of it so far. */
export type Sought = {
  readonly missed: Missed
  readonly run: MissedRun
  readonly sentUs: number
  id: number | null
  /** How the log stood where the run begins; null while the store does not have it. */
  opening: Opening | null
  /** It has more than a few rows, or the hot ones do not do: it is read by itself. */
  alone: boolean
  /** The seq after which all that is sealed was read. */
  sealed: number | null
}

/** What became of it: an answer, or that it is to be read again at once, or when the store has more. */
export type Outcome = MissedAnswer | 'again' | 'later'

/** Of each market no more rows are read together with others'. */
const ROWS = 500

/**
 * Reads on for some who seek, or for one that is read alone: two statements, and for one whose records are not hot those of a
 * sealed reading. Answers in the order asked; who cannot be read does not keep anybody from the others. Throws as Postgres does.
 */
export async function readOn(sql: Sql, all: readonly Sought[]): Promise<Outcome[]> {
  await findOpenings(sql, all)
  const known = all.flatMap((each) => (each.id === null ? [] : [{ each, id: each.id }]))
  const parts = known.map(({ each: { run, missed }, id }) => {
    return { id, after: run.after, until: missed.until }
  })
  const most = all[0]?.alone ? MOST_MISSED + 1 : ROWS
  const hot = await hotParts(sql, parts, most)
  const outcomes = new Map<Sought, Outcome>()
  for (const [place, { each, id }] of known.entries()) {
    const records = hot.get(place) ?? []
    const outcome = records === 'unreadable' ? MISS : await take(sql, each, id, records, most)
    if (outcome === 'again') each.alone = true
    outcomes.set(each, outcome)
  }
  return all.map((each) => outcomes.get(each) ?? MISS)
}

/** Finds how logs stand where runs begin; one that the store does not have so far yet is looked for again. */
async function findOpenings(sql: Sql, all: readonly Sought[]): Promise<void> {
  const asked = all.filter(
    ({ opening, missed }) =>
      opening === null || opening.kind === 'new' || opening.seq < missed.after,
  )
  if (asked.length === 0) return
  const followed = asked.map(({ missed }) => ({ ticker: missed.ticker, seq: missed.after }))
  const found = await historiesAfter(askBy(sql), followed)
  for (const [place, each] of asked.entries()) {
    const { id, past } = found.get(place) ?? { id: null, past: null }
    each.opening = past && foldOr(past.opening, past.records)
    each.id = each.opening && id
    // After a hot row nothing is sealed and not hot any more.
    if (past !== null && past.records.length > 0) each.sealed = each.run.after
  }
}

async function take(
  sql: Sql,
  each: Sought,
  id: number,
  records: readonly BookRecord[],
  most: number,
): Promise<Outcome> {
  const state = each.run.take(records)
  if (state === 'short' && records.length === most) return 'again'
  // Without hot rows all may be sealed long since.
  const old = state === 'hole' || (state === 'short' && records.length === 0)
  return old && each.sealed !== each.run.after ? takeSealed(sql, each, id) : judge(each, state)
}

async function takeSealed(sql: Sql, each: Sought, id: number): Promise<Outcome> {
  const { run } = each
  if (!each.alone) return 'again'
  const after = run.after
  each.sealed = after
  const state = run.take(await sealedAfter(sql, id, run))
  // The last ones may be later than the watermark was, and are hot.
  if (state === 'short' && run.after > after) return 'again'
  each.alone = false
  return judge(each, state)
}

function judge(each: Sought, state: MissedState): Outcome {
  const { opening, run, missed } = each
  switch (state) {
    case 'too_long':
    case 'hole':
      return MISS
    case 'short':
      return 'later'
    case 'whole':
      if (opening === null || !run.opensWith(opening, missed.after)) return 'later'
      return told(each, opening)
  }
}

/** What follows in the log, sealed or not; nothing when it cannot be read. */
async function sealedAfter(sql: Sql, id: number, run: MissedRun): Promise<readonly BookRecord[]> {
  try {
    return (await listRecords(sql, id, { afterSeq: run.after, limit: run.left + 1 })).records
  } catch (error) {
    const kinds = [SegmentError, LogRowError, LogDroppedError]
    if (kinds.some((kind) => error instanceof kind)) return []
    throw error
  }
}

function foldOr(opening: Opening, records: readonly BookRecord[]): Opening | null {
  try {
    return foldRecords(opening, records)
  } catch {
    return null
  }
}

function told({ missed, run, sentUs }: Sought, opening: Opening): MissedAnswer {
  try {
    return { kind: 'found', messages: run.messages(missed.ticker, opening, sentUs) }
  } catch {
    return MISS
  }
}
