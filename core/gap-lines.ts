import { z } from 'zod'
import type { Micros } from './instant.ts'
import { GAP_CAUSES, type GapCause } from './log.ts'

/** Gaps of one cause that were noticed within this of each other (µs) are told as one: a cut opens thousands at once. */
const TOGETHER_US = 10_000_000

/** Gaps of one cause that were noticed together, each of one market. */
export type GapLine = {
  readonly cause: GapCause
  readonly gaps: number
  /** How many of them have not ended. */
  readonly open: number
  /** From the first one's begin to the last one's end, µs; null while one is open. */
  readonly fromUs: Micros
  readonly toUs: Micros | null
  /** When the first and the last of them were noticed, µs. */
  readonly noticedUs: Micros
  readonly lastNoticedUs: Micros
}

/** The lines of a day, as they are kept; of very many those of the fewest gaps are left off. */
export type GapDay = { readonly lines: readonly GapLine[]; readonly leftOff: number }

const us = z.int().transform((value) => value as Micros)
const line = z.tuple([z.enum(GAP_CAUSES), z.int(), z.int(), us, us.nullable(), us, us])
const day = z.object({ lines: z.array(line), left_off: z.int() })

/** Folds lines that belong together, whatever their order; the newest first. */
export function foldGaps(lines: readonly GapLine[]): GapLine[] {
  const sorted = [...lines].sort(
    (a, b) => a.cause.localeCompare(b.cause) || a.noticedUs - b.noticedUs,
  )
  const folded: GapLine[] = []
  for (const each of sorted) {
    const last = folded.at(-1)
    if (last?.cause === each.cause && each.noticedUs - last.lastNoticedUs <= TOGETHER_US) {
      folded[folded.length - 1] = joined(last, each)
    } else folded.push(each)
  }
  return folded.sort((a, b) => b.noticedUs - a.noticedUs || a.cause.localeCompare(b.cause))
}

/** Keeps so many lines at most, those of the most gaps, the newest first. */
export function boundGaps(lines: readonly GapLine[], most: number): GapDay {
  const folded = foldGaps(lines)
  const kept = new Set([...folded].sort((a, b) => b.gaps - a.gaps).slice(0, most))
  return { lines: folded.filter((each) => kept.has(each)), leftOff: folded.length - kept.size }
}

/** Reads what printGapDay printed, parsed from JSON. Throws ZodError when it is nothing of the kind. */
export function readGapDay(given: unknown): GapDay {
  const { lines, left_off } = day.parse(given)
  const read = lines.map(([cause, gaps, open, fromUs, toUs, noticedUs, lastNoticedUs]) => {
    return { cause, gaps, open, fromUs, toUs, noticedUs, lastNoticedUs }
  })
  return { lines: read, leftOff: left_off }
}

/** Prints the lines of a day as JSON, for keeping. */
export function printGapDay({ lines, leftOff }: GapDay): string {
  const printed = lines.map((each) => {
    const { cause, gaps, open, fromUs, toUs, noticedUs, lastNoticedUs } = each
    return [cause, gaps, open, fromUs, toUs, noticedUs, lastNoticedUs]
  })
  return JSON.stringify({ lines: printed, left_off: leftOff })
}

function joined(a: GapLine, b: GapLine): GapLine {
  return {
    cause: a.cause,
    gaps: a.gaps + b.gaps,
    open: a.open + b.open,
    fromUs: Math.min(a.fromUs, b.fromUs) as Micros,
    toUs: a.toUs === null || b.toUs === null ? null : (Math.max(a.toUs, b.toUs) as Micros),
    noticedUs: a.noticedUs,
    lastNoticedUs: Math.max(a.lastNoticedUs, b.lastNoticedUs) as Micros,
  }
}
