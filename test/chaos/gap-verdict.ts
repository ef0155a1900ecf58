import type { Loss } from './fault.ts'
import type { StoredGap, StoredLog } from './stored-log.ts'
import type { Truth } from './truth.ts'

/** Gaps are told in our receive time: what was lost would have come to us this much later at most, on a busy machine. */
const WAY_US = 1_000_000
/** A gap may begin so much before the last frame before the loss. */
const EXCESS_US = 1_000_000
/** The frame that was lost, and those sent with it, are not the last that came. */
const ITSELF_US = 50_000
/** Two clocks of one machine may differ by so much. */
export const CLOCKS_US = 20_000

/**
 * Every loss is a gap of each of its markets, which begins at the last frame before it and ends with the next snapshot;
 * and there is no gap besides.
 * @param gaps those that are new since the faults before, by market
 */
export function gapProblems(
  truth: Truth,
  losses: readonly Loss[],
  markets: readonly string[],
  logs: ReadonlyMap<string, StoredLog>,
  gaps: ReadonlyMap<string, readonly StoredGap[]>,
): string[] {
  return markets.flatMap((market) => {
    const mine = losses.filter((loss) => loss.markets.includes(market))
    const theirs = gaps.get(market) ?? []
    return [
      ...mine.flatMap((loss) => lossProblem(loss, theirs)),
      ...theirs.flatMap((gap) => [
        ...gapProblem(truth, gap, mine, theirs),
        ...endProblem(gap, logs.get(market)),
      ]),
    ].map((problem) => `${market}: ${problem}`)
  })
}

/** A loss lies in a gap of one of its causes, which is over in time. */
function lossProblem(loss: Loss, gaps: readonly StoredGap[]): string[] {
  const { atUs, causes, overUs } = loss
  const covering = gaps.filter((gap) => covers(gap, loss))
  if (covering.length === 0) return [`lost at ${atUs}, and in no gap`]
  if (!covering.some(({ cause }) => causes.includes(cause))) {
    return [`lost at ${atUs}, and its gap says ${covering[0]?.cause}`]
  }
  const late = covering.find(({ to }) => overUs !== undefined && (to ?? overUs + 1) > overUs)
  return late === undefined ? [] : [`its gap of ${late.cause} was over too late, at ${late.to}`]
}

/** A gap is that of a loss, and begins no earlier than it must. */
function gapProblem(
  truth: Truth,
  { seq, cause, from, to }: StoredGap,
  losses: readonly Loss[],
  gaps: readonly StoredGap[],
): string[] {
  // What follows while a book is unknown already says nothing of when it became so.
  if (gaps.some((other) => other.seq < seq && other.from <= from && (other.to ?? from) >= from)) {
    return []
  }
  const reasons = losses.filter((loss) => covers({ from, to }, loss))
  if (reasons.length === 0) return [`a gap of ${cause} from ${from} to ${to} for no reason`]
  const earliest = reasons.map(({ atUs, markets }) => {
    const before = atUs - ITSELF_US
    return (truth.lastChange(markets, before) ?? before) - EXCESS_US
  })
  const excess = Math.min(...earliest) - from
  return excess <= 0 ? [] : [`its gap of ${cause} begins ${excess} µs too early`]
}

/** A gap ends with the next snapshot. */
function endProblem({ seq, cause, to }: StoredGap, log: StoredLog | undefined): string[] {
  const next = log?.rows.find((row) => row.seq > seq && row.kind === 'snapshot')?.recv ?? null
  return to === next ? [] : [`its gap of ${cause} ends at ${to}, and its snapshot came at ${next}`]
}

function covers(
  { from, to }: Pick<StoredGap, 'from' | 'to'>,
  { atUs, byUs = atUs }: Loss,
): boolean {
  return from <= byUs + WAY_US && (to === null || to >= atUs - CLOCKS_US)
}
