import { z } from 'zod'
import { type Counted, GRADES, type Tally } from '../coverage.ts'
import { type Micros, printInstant } from '../instant.ts'
import type { EndReason, Seq } from '../log.ts'

const instant = z.string().nullable().describe('RFC 3339, UTC, microseconds')
const seq = z.int().nonnegative().nullable()

const tally = z.object({
  records: z.int().nonnegative().describe('Records held, of any kind'),
  deltas: z.int().nonnegative().describe('How many of them are deltas'),
  covered_seconds: z
    .int()
    .nonnegative()
    .describe('Time of the log in which the book is known, rounded down'),
  gap_seconds: z
    .int()
    .nonnegative()
    .describe('Time of the log in which it is not, rounded up; overlapping gaps count once'),
  gaps: z.int().nonnegative().describe('Gaps that touch this time'),
  grade: z
    .enum(GRADES)
    .nullable()
    .describe(
      'A: no gap; B: known for 99.9 % of the log’s time or more; C: 99 %; D: 90 %; F: less; null: no log',
    ),
})

/** What the record holds of one market, in all and day by day. */
export const coverageAnswer = z
  .object({
    ticker: z.string(),
    state: z
      .enum(['none', 'open', 'settled', 'deselected'])
      .describe('Of the log: none held, open, or closed and why'),
    first_ts: instant.describe('The first record held'),
    first_seq: seq,
    last_ts: instant.describe('The last record'),
    last_seq: seq,
    through_ts: instant.describe('How far the record is complete'),
    from_ts: instant.describe('Where the days that are counted begin; null when there are none'),
    to_ts: instant.describe('Where they end'),
  })
  .extend(tally.shape)
  .extend({
    days: z.array(z.object({ day: z.iso.date() }).extend(tally.shape)).describe('UTC days'),
  })

export type CoverageAnswer = z.infer<typeof coverageAnswer>

type Place = { readonly recvUs: Micros; readonly seq: Seq } | null

/** What is told beside the counts. */
export type CoverageHeading = {
  readonly ticker: string
  readonly ended: EndReason | null
  readonly first: Place
  readonly last: Place
  readonly throughUs: Micros | null
  readonly days: { readonly fromUs: Micros; readonly toUs: Micros } | null
}

/** Prints what the record holds of a market. */
export function printCoverage(heading: CoverageHeading, counted: Counted): CoverageAnswer {
  const { ticker, ended, first, last, throughUs, days } = heading
  const print = (us: Micros | null | undefined) => (us == null ? null : printInstant(us))
  return {
    ticker,
    state: first === null ? 'none' : (ended ?? 'open'),
    first_ts: print(first?.recvUs),
    first_seq: first?.seq ?? null,
    last_ts: print(last?.recvUs),
    last_seq: last?.seq ?? null,
    through_ts: print(throughUs),
    from_ts: print(days?.fromUs),
    to_ts: print(days?.toUs),
    ...printTally(counted.total),
    days: counted.days.map((each) => ({
      day: printInstant(each.day).slice(0, 10),
      ...printTally(each),
    })),
  }
}

function printTally({ records, deltas, coveredUs, gapUs, gaps, grade }: Tally) {
  const covered_seconds = Math.floor(coveredUs / 1_000_000)
  return {
    records,
    deltas,
    covered_seconds,
    gap_seconds: Math.ceil(gapUs / 1_000_000),
    gaps,
    grade,
  }
}
