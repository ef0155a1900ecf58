import type { Micros } from './instant.ts'
import type { Gap } from './log.ts'
import { dayOf } from './sealing.ts'

const DAY_US = 86_400_000_000

/**
 * How well a stretch of a log is known: A without a gap, B for 99.9 % of its time and more, C for 99 %, D for 90 %, F below;
 * null where there was no log.
 */
export const GRADES = ['A', 'B', 'C', 'D', 'F'] as const
export type Grade = (typeof GRADES)[number]

/** A stretch of time, `toUs` exclusive, µs. */
export type Stretch = { readonly fromUs: Micros; readonly toUs: Micros }

/** What the store holds of one UTC day, named by its start. */
export type DayRecords = {
  readonly day: Micros
  readonly records: number
  readonly deltas: number
}

/** What coverage is counted from. */
export type CoverageParts = {
  /** Whole UTC days that are told of, one by one. */
  readonly days: Stretch
  /** From the log's first record to its end, or, while it is open, to the watermark; null when there is no log. */
  readonly log: Stretch | null
  readonly records: readonly DayRecords[]
  /** The gaps as known now, in any order, overlapping or not. */
  readonly gaps: readonly Pick<Gap, 'from' | 'to'>[]
}

/** How much of a stretch of a log is known. */
export type Tally = {
  readonly records: number
  readonly deltas: number
  /** Time of the log in which its book was known, and in which it was not. */
  readonly coveredUs: number
  readonly gapUs: number
  /** Gaps that touch the stretch. */
  readonly gaps: number
  readonly grade: Grade | null
}

export type DayTally = Tally & { readonly day: Micros }
export type Counted = { readonly total: Tally; readonly days: readonly DayTally[] }

/** Counts what is known of a log, in all and by UTC days, oldest first. Time in several gaps counts once. */
export function countCoverage({ days, log, records, gaps }: CoverageParts): Counted {
  const logged = log === null ? null : common(log, days)
  const held = new Map(records.map((each) => [each.day, each]))
  const unknown = logged === null ? [] : clipped(gaps, logged)
  const gapUs = usByDay(joined(unknown))
  const touched = gapsByDay(unknown)
  const starts = Array.from(
    { length: Math.max(0, Math.ceil((days.toUs - days.fromUs) / DAY_US)) },
    (_, nth) => (days.fromUs + nth * DAY_US) as Micros,
  )
  const counted = starts.map((day): DayTally => {
    const { records: count = 0, deltas = 0 } = held.get(day) ?? {}
    const within = logged && common(logged, { fromUs: day, toUs: (day + DAY_US) as Micros })
    const lost = gapUs.get(day) ?? 0
    const counts = { records: count, deltas, gaps: touched.get(day) ?? 0 }
    return { day, ...counts, ...measured(lengthOf(within), lost) }
  })
  const sum = (pick: (tally: Tally) => number) => counted.reduce((all, each) => all + pick(each), 0)
  const lost = sum((each) => each.gapUs)
  const total = {
    records: sum((each) => each.records),
    deltas: sum((each) => each.deltas),
    gaps: unknown.length,
    ...measured(lost + sum((each) => each.coveredUs), lost),
  }
  return { total, days: counted }
}

/** The whole UTC days that a stretch touches. */
export function wholeDays({ fromUs, toUs }: Stretch): Stretch {
  return { fromUs: dayOf(fromUs), toUs: dayOf((toUs + DAY_US - 1) as Micros) }
}

function measured(spanUs: number, gapUs: number) {
  return { coveredUs: spanUs - gapUs, gapUs, grade: spanUs === 0 ? null : gradeOf(spanUs, gapUs) }
}

/** A record that is complete up to so long before it is counted, µs, is as complete as it can be. */
const BEHIND_US = 60_000_000

/**
 * Whether the record did not reach what had gone by of a day when that was counted: what is missing may all be a gap.
 * @param counted of the UTC day that begins at `day`, complete through `throughUs`, counted at `toldUs`
 */
export function isBehind(counted: {
  readonly day: Micros
  readonly throughUs: Micros
  readonly toldUs: Micros
}): boolean {
  return counted.throughUs + BEHIND_US < Math.min(counted.day + DAY_US, counted.toldUs)
}

/** The grade of a stretch, both in one unit of time, whole numbers. */
export function gradeOf(spanUs: number, gapUs: number): Grade {
  if (gapUs === 0) return 'A'
  // Whole numbers: gapUs * 1000 could pass 2⁵³.
  if (gapUs <= Math.floor(spanUs / 1000)) return 'B'
  if (gapUs <= Math.floor(spanUs / 100)) return 'C'
  return gapUs <= Math.floor(spanUs / 10) ? 'D' : 'F'
}

function common(a: Stretch, b: Stretch): Stretch | null {
  const fromUs = Math.max(a.fromUs, b.fromUs) as Micros
  const toUs = Math.min(a.toUs, b.toUs) as Micros
  return fromUs < toUs ? { fromUs, toUs } : null
}

function lengthOf(stretch: Stretch | null): number {
  return stretch === null ? 0 : stretch.toUs - stretch.fromUs
}

/** The gaps that touch a stretch, cut to it; one that has not ended lasts until its end. */
function clipped(gaps: CoverageParts['gaps'], stretch: Stretch): Stretch[] {
  return gaps.flatMap(({ from, to }) => {
    const toUs = Math.min(to ?? stretch.toUs, stretch.toUs) as Micros
    const fromUs = Math.max(from, stretch.fromUs) as Micros
    const touches = from < stretch.toUs && (to === null || to > stretch.fromUs)
    return touches && fromUs <= toUs ? [{ fromUs, toUs }] : []
  })
}

/** The same time in stretches that do not overlap. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const apart: Stretch[] = []
  for (const { fromUs, toUs } of [...stretches].sort((a, b) => a.fromUs - b.fromUs)) {
    const last = apart.at(-1)
    if (last === undefined || last.toUs < fromUs) apart.push({ fromUs, toUs })
    else if (last.toUs < toUs) apart[apart.length - 1] = { fromUs: last.fromUs, toUs }
  }
  return apart
}

function usByDay(apart: readonly Stretch[]): ReadonlyMap<Micros, number> {
  const byDay = new Map<Micros, number>()
  for (const stretch of apart) {
    for (const [day, us] of pieces(stretch)) byDay.set(day, (byDay.get(day) ?? 0) + us)
  }
  return byDay
}

function gapsByDay(stretches: readonly Stretch[]): ReadonlyMap<Micros, number> {
  const byDay = new Map<Micros, number>()
  for (const stretch of stretches) {
    for (const [day] of pieces(stretch)) byDay.set(day, (byDay.get(day) ?? 0) + 1)
  }
  return byDay
}

/** The days of a stretch, and how much of each it is; one without length is of the day in which it lies. */
function* pieces({ fromUs, toUs }: Stretch): Iterable<[Micros, number]> {
  for (let day = dayOf(fromUs); day === dayOf(fromUs) || day < toUs; ) {
    const next = (day + DAY_US) as Micros
    yield [day, Math.min(toUs, next) - Math.max(fromUs, day)]
    day = next
  }
}
