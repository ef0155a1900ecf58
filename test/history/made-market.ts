import type { Micros } from '#core/instant'
import { type BookRecord, epochOf, type Gap, type GapRecord, type Seq } from '#core/log'
import { type Run, runsOf } from '../store/sealed-log.ts'
import type { Dice } from './dice.ts'

/** A market whose log was made up: everything that was ever recorded of it, and how it is to be stored. */
export type MadeMarket = {
  readonly ticker: string
  readonly event: string
  /** In the order of the log, those beyond the watermark included. */
  readonly records: readonly BookRecord[]
  /** As they are known now, those found later included. */
  readonly gaps: readonly Gap[]
  readonly runs: readonly Run[]
}

/** How much of a log is in segments: all of it, nothing, or all but the last runs of each epoch. */
export type Sealing = 'all' | 'none' | 'but_tails'

/** Before `sealedUntil` (µs) everything is sealed, unless nothing is. */
export type Storing = { readonly sealing: Sealing; readonly sealedUntil: number }

/** Decides what of a log came late and what is sealed, and which gaps were found. */
export function makeMarket(
  dice: Dice,
  ticker: string,
  told: readonly BookRecord[],
  storing: Storing,
): MadeMarket {
  const cuts = new Set<number>()
  for (let i = dice.between(1, 60); i < told.length; i += dice.between(1, 400)) cuts.add(i)
  const lates = lateRecords(dice, runsOf(told, cuts))
  const records = told.map((record, i) => shortened(dice, told, lates, record, i))
  const found = foundLater(dice, records)
  const gaps = [...records.flatMap((record, i) => gapOf(dice, records, lates, record, i)), ...found]
  const runs = runsOf(records, cuts)
  const sealed = sealedRuns(dice, runs, storing)
  return {
    ticker,
    event: ticker.slice(0, ticker.lastIndexOf('-')),
    records,
    gaps: gaps.toSorted((a, b) => a.seq - b.seq),
    runs: runs.map((run, i) => {
      const late = run.some(({ seq }) => lates.has(seq))
      return { records: run, late, sealed: sealed[i] === true }
    }),
  }
}

/** What a spool brought only after another epoch had taken over: the end of an epoch that a gap follows. */
function lateRecords(dice: Dice, runs: readonly BookRecord[][]): Set<Seq> {
  const late = new Set<Seq>()
  for (const [i, run] of runs.entries()) {
    const [first, next] = [run[0], runs[i + 1]?.[0]]
    if (first === undefined || next?.kind !== 'gap' || next.cause !== 'epoch') continue
    // The taker-over knew the log: it had seen records of that epoch.
    if (numberOf(first) === 0 || dice.chance(0.4)) continue
    for (const { seq } of run) late.add(seq)
  }
  return late
}

/** The gap of a taker-over who did not know what came late begins before that. */
function shortened(
  dice: Dice,
  all: readonly BookRecord[],
  late: ReadonlySet<Seq>,
  record: BookRecord,
  i: number,
): BookRecord {
  const before = all[i - 1]
  if (record.kind !== 'gap' || before === undefined || !late.has(before.seq)) return record
  const last = all.slice(0, i).findLast(({ seq }) => !late.has(seq))
  const then = all.slice(0, i).find(({ seq }) => seq > (last?.seq ?? 0))
  if (last === undefined || then === undefined) return record
  const from = (last.recv + dice.below(then.recv - last.recv + 1)) as Micros
  return { ...record, from, prevSeq: last.seq }
}

function gapOf(
  dice: Dice,
  all: readonly BookRecord[],
  late: ReadonlySet<Seq>,
  record: BookRecord,
  i: number,
): Gap[] {
  if (record.kind !== 'gap') return []
  const { seq, cause, recv, prevSeq } = record
  const to = all.slice(i).find(({ kind }) => kind === 'snapshot')?.recv ?? null
  const gap = { seq, cause, from: record.from, to, noticed: recv, prevSeq }
  const before = all[i - 1]
  if (before === undefined || !late.has(before.seq)) return [gap]
  return [{ ...gap, from: filledFrom(dice, record, before), prevSeq: before.seq }]
}

/** What came late vouches until its last record at least, and at most until the gap was noticed. */
function filledFrom(dice: Dice, gap: GapRecord, last: BookRecord): Micros {
  return (last.recv + dice.below(gap.recv - last.recv + 1)) as Micros
}

/** Gaps of which the log has no record: a later check found that the book had been wrong. They bear the seq of what it checked. */
function foundLater(dice: Dice, all: readonly BookRecord[]): Gap[] {
  const gaps: Gap[] = []
  for (let left = dice.pick([0, 0, 1, 2]); left > 0 && all.length > 1; left--) {
    const i = dice.below(all.length)
    const [begin, end] = [all[i], all.slice(i + 1).find(({ kind }) => kind === 'snapshot')]
    if (begin === undefined || (end === undefined && dice.chance(0.7))) continue
    const checked = all.slice(i).find(({ recv }) => recv > begin.recv)
    if (checked === undefined || checked.kind === 'gap' || checked.seq > (end?.seq ?? 2 ** 53))
      continue
    const from = (begin.recv + dice.below(2)) as Micros
    const { seq, recv: noticed } = checked
    gaps.push({ seq, cause: 'mismatch', from, to: end?.recv ?? null, noticed, prevSeq: null })
  }
  return gaps.filter(({ seq }, i) => gaps.findIndex((other) => other.seq === seq) === i)
}

/** Of which runs there are segments: in each epoch of all but the last few. */
function sealedRuns(dice: Dice, runs: readonly BookRecord[][], storing: Storing): boolean[] {
  const { sealing, sealedUntil } = storing
  const left = new Map<number, number>()
  const sealed = runs.toReversed().map(([first]) => {
    if (sealing !== 'but_tails' || first === undefined) return sealing === 'all'
    const epoch = epochOf(first.seq)
    const tail = left.get(epoch) ?? dice.below(4)
    left.set(epoch, tail - 1)
    return first.recv < sealedUntil || tail <= 0
  })
  return sealed.toReversed()
}

function numberOf({ seq }: BookRecord): number {
  return seq % 2 ** 32
}
