import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { Ticker } from '#core/ticker'
import { foldStore } from '../store-fold.ts'
import type { Loss, Struck } from './fault.ts'
import type { FaultRig } from './fault-rig.ts'
import { CLOCKS_US, gapProblems } from './gap-verdict.ts'
import {
  foldRows,
  type PlainRow,
  readStoredLogs,
  type StoredGap,
  type StoredLog,
  type StoredState,
} from './stored-log.ts'

/** An as-of book may be so much older than its instant. */
const WITHIN_US = 2_000_000
/** Instants of each market that are drawn from all of the run, besides those at which its log changed since the fault. */
const DRAWN = 50
const MOST_PROBLEMS = 20
const EPOCH = 2 ** 32

/** What holds after a fault: how many gaps it left, and everything that is wrong. */
export type Verdict = { readonly gaps: number; readonly problems: readonly string[] }

/**
 * Holds the store and the collector, at rest, against the exchange's truth. Throws as Postgres does.
 * @param sinceUs when the fault began, receive time, µs
 */
export async function judge(rig: FaultRig, struck: Struck, sinceUs: number): Promise<Verdict> {
  const logs = await readStoredLogs(rig.sql)
  const problems: string[] = [...(struck.problems ?? []), ...rig.watch.take()]
  problems.push(...(await booksDiffer(rig)))
  const gaps = new Map<Ticker, StoredGap[]>()
  for (const [market, log] of logs) {
    // Nobody's frames wait for long.
    await turnOfOthers()
    const states = foldRows(log.rows)
    problems.push(...orderProblems(market, log), ...changedRows(rig, market, log))
    problems.push(...segmentProblems(market, log))
    problems.push(...pastProblems(rig, struck, market, log, states, sinceUs))
    gaps.set(market, newGaps(rig, market, log))
  }
  const losses: readonly Loss[] = struck.losses
  problems.push(...gapProblems(rig.truth, losses, rig.markets, logs, gaps))
  const count = [...gaps.values()].reduce((sum, { length }) => sum + length, 0)
  const more = problems.length - MOST_PROBLEMS
  return {
    gaps: count,
    problems: [...problems.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`and ${more} more`] : [])],
  }
}

/** Collector, store and exchange hold the same book of every market that goes on. */
async function booksDiffer(rig: FaultRig): Promise<string[]> {
  const held = await rig.checksums()
  const stored = await foldStore(rig.sql)
  const [sums, books] = [rig.exchange.checksums(), rig.exchange.books()]
  return rig.markets.flatMap((market) => {
    const wrong: string[] = []
    if (held?.[market] !== sums[market]) {
      wrong.push(`${market}: the collector ${held?.[market] ? 'holds another' : 'knows no'} book`)
    }
    const { yes, no } = stored.get(market) ?? {}
    const told = JSON.stringify([yes, no])
    if (told !== JSON.stringify([books.get(market)?.yes, books.get(market)?.no])) {
      wrong.push(`${market}: the store holds ${yes === undefined ? 'no' : 'another'} book`)
    }
    return wrong
  })
}

/** Numbers follow each other inside an epoch, each once, and receive times never go back. */
function orderProblems(market: string, { rows }: StoredLog): string[] {
  return rows.flatMap((row, i) => {
    const before = rows[i - 1]
    const epoch = Math.floor(row.seq / EPOCH)
    const problems: string[] = []
    const expected =
      before !== undefined && Math.floor(before.seq / EPOCH) === epoch
        ? before.seq + 1
        : epoch * EPOCH
    if (row.seq === before?.seq) problems.push(`${market}: seq ${row.seq} stands twice`)
    else if (row.seq !== expected)
      problems.push(`${market}: ${row.seq} where ${expected} was to be`)
    if (before !== undefined && row.recv < before.recv) {
      problems.push(`${market}: recv goes back at ${row.seq}`)
    }
    return problems
  })
}

/** A row that was seen once is what it was. */
function changedRows({ seenRows }: FaultRig, market: string, { rows }: StoredLog): string[] {
  return rows.flatMap(({ seq, text }) => {
    const key = `${market} ${seq}`
    const before = seenRows.get(key)
    seenRows.set(key, text)
    return before === undefined || before === text
      ? []
      : [`${key} became other: ${before} → ${text}`]
  })
}

/** What is sealed is what stands in the rows, and opens with the book that they make. */
function segmentProblems(market: string, { rows, segments }: StoredLog): string[] {
  const bySeq = new Map(rows.map((row) => [row.seq, row]))
  return segments.flatMap(({ opening, firstSeq, rows: sealed }) => {
    const at = rows.findIndex(({ seq }) => seq >= firstSeq)
    const before = foldRows(at < 0 ? rows : rows.slice(0, at)).at(-1)?.hash ?? null
    const problems = sealed.flatMap((row) => {
      const hot = bySeq.get(row.seq)
      if (hot === undefined) return [`${market}: ${row.seq} is sealed and in no row`]
      return hot.text === row.text ? [] : [`${market}: ${hot.text} is sealed as ${row.text}`]
    })
    if (opening !== before) problems.push(`${market}: the segment at ${firstSeq} opens otherwise`)
    return problems
  })
}

/** At any instant the folded book is in a recorded gap, or was the exchange's just before. */
function pastProblems(
  { truth, random }: FaultRig,
  { behindUs = 0, aheadUs = 0 }: Struck,
  market: string,
  { rows, gaps }: StoredLog,
  states: readonly StoredState[],
  sinceUs: number,
): string[] {
  const [first, last] = [states[0]?.recv, states.at(-1)?.recv]
  if (first === undefined || last === undefined) return [`${market} has no log`]
  const drawn = Array.from({ length: DRAWN }, () => first + random.below(last + 1 - first))
  const edges = states.flatMap(({ recv }) => (recv < sinceUs ? [] : [recv, recv - 1]))
  const problems = [...drawn, ...edges].flatMap((at) => {
    const within = gaps.filter(({ from, to }) => from <= at && (to === null || at < to))
    if (at < first || within.some(({ from }) => from < at)) return []
    const hash = stateAt(states, at)?.hash ?? null
    // A gap may begin where it is noticed, and the log itself says it there.
    if (hash === null) return within.length > 0 ? [] : [`${market} at ${at}: no book, and no gap`]
    const [from, to] = [at - WITHIN_US - behindUs, at + CLOCKS_US + aheadUs]
    if (truth.was(market, hash, from, to)) return []
    return [`${market} at ${at}: a book that was not the exchange’s (${seqAt(rows, at)})`]
  })
  return problems.slice(0, 2)
}

function stateAt(states: readonly StoredState[], us: number): StoredState | undefined {
  let low = 0
  let high = states.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((states[middle]?.recv ?? 0) <= us) low = middle + 1
    else high = middle
  }
  return states[low - 1]
}

function seqAt(rows: readonly PlainRow[], us: number): string {
  const row = rows.findLast(({ recv }) => recv <= us)
  return row === undefined ? 'nothing' : `${row.kind} ${row.seq}`
}

function newGaps({ seenGaps }: FaultRig, market: string, { gaps }: StoredLog): StoredGap[] {
  return gaps.filter(({ seq }) => {
    const key = `${market} ${seq}`
    const isNew = !seenGaps.has(key)
    seenGaps.add(key)
    return isNew
  })
}
