import type { Micros } from '#core/instant'
import { type Epoch, type GapCause, nextEpoch } from '#core/log'
import { hourOf } from '#core/sealing'
import { type Random, seededRandom } from '../simulator/random.ts'
import type { LogPlan, Stretch } from './history-log.ts'

/** How much the store is to hold: `most` of the deltas in the market that had no snapshot of the exchange for so many. */
export type HistorySize = {
  readonly deltas: number
  readonly markets: number
  readonly most: number
  readonly fewest: number
  /** Markets in all, those without records included. */
  readonly listed: number
}

/** The store's epochs, each open until the next, and the logs of its markets; times in µs. */
export type HistoryPlan = {
  readonly fromUs: Micros
  /** The watermark. */
  readonly toUs: Micros
  /** Hours from here on have not been dropped from the hot table. */
  readonly hotUs: Micros
  readonly epochs: readonly { readonly epoch: Epoch; readonly us: Micros }[]
  /** The first had no snapshot for `most` deltas, the second for `fewest`. */
  readonly logs: readonly LogPlan[]
}

const MINUTE_US = 60_000_000
const HOUR_US = 60 * MINUTE_US
const HOURS = 60
/** So long after the start of an hour the one before it is sealed and its rows are still there. */
const INTO_HOUR_US = 20 * MINUTE_US
const EPOCHS_AT_HOURS = [0, 3, 6]
const FEWEST_HOURS = 3
const SEED = 20_261
const CAUSES: readonly GapCause[] = ['sequence', 'silence', 'cut', 'mismatch']

/** The second full figure that the product is to be fast with, or the same at a fraction of its size. */
export function sizeOf(deltas: number): HistorySize {
  return { deltas, markets: 500, most: deltas / 10, fewest: 100, listed: 100_000 }
}

/** Plans sixty hours of trading that end within the last hour; all but their moment is always the same. */
export function planHistory(size: HistorySize, nowUs: Micros): HistoryPlan {
  const toUs = (hourOf((nowUs - INTO_HOUR_US) as Micros) + INTO_HOUR_US) as Micros
  const fromUs = (toUs - HOURS * HOUR_US) as Micros
  const epochs: HistoryPlan['epochs'][number][] = []
  for (const hours of EPOCHS_AT_HOURS) {
    const us = (fromUs + hours * HOUR_US) as Micros
    epochs.push({ epoch: nextEpoch(epochs.at(-1)?.epoch ?? null, us / 1000), us })
  }
  const others = Array.from({ length: size.markets - 2 }, (_, rank) => 1 / (rank + 30))
  const weight = others.reduce((sum, each) => sum + each, 0)
  const before = size.most / 50
  const left = size.deltas - size.most - size.fewest - 2 * before
  const counts = others.map((each) => Math.floor((left * each) / weight))
  counts[0] = (counts[0] ?? 0) + left - counts.reduce((sum, each) => sum + each, 0)
  const span = { toUs, epochs }
  return {
    fromUs,
    toUs,
    hotUs: (hourOf(toUs) - HOUR_US) as Micros,
    epochs,
    logs: [
      planLog(SEED, span, before, { deltas: size.most, again: null }),
      planLog(SEED + 1, span, before, {
        deltas: size.fewest,
        again: toUs - FEWEST_HOURS * HOUR_US,
      }),
      ...counts.map((deltas, i) => planLog(SEED + 2 + i, span, deltas, null)),
    ],
  }
}

/** How many deltas follow the last snapshot; `again` is when the exchange sends it, null at the opening of the last epoch. */
type Ending = { readonly deltas: number; readonly again: number | null }
type Start = Pick<Stretch, 'epoch' | 'reason' | 'us' | 'gap'>

function planLog(
  seed: number,
  { toUs, epochs }: Pick<HistoryPlan, 'toUs' | 'epochs'>,
  deltas: number,
  ending: Ending | null,
): LogPlan {
  const random = seededRandom(seed)
  const starts: Start[] = epochs.map(({ epoch, us }, i) => ({
    epoch,
    reason: i === 0 ? 'first' : 'epoch',
    us: us + 2_000_000 + random.below(3_000_000),
    gap: i === 0 ? null : { cause: 'epoch', from: us - random.below(900_000) - 2, noticed: us },
  }))
  const last = epochs.at(-1)
  if (last === undefined) throw new Error('no epoch')
  if (ending === null) starts.push(...gapsBetween(last.us, toUs, random, last.epoch))
  else if (ending.again !== null) {
    starts.push({ epoch: last.epoch, reason: 'exchange', us: ending.again, gap: null })
  }
  const stretches = starts.map((start, i) => {
    const following = starts[i + 1]
    const untilUs = following === undefined ? toUs : (following.gap?.noticed ?? following.us)
    return { ...start, untilUs, deltas: 0 }
  })
  const shared = ending === null ? stretches : stretches.slice(0, -1)
  const spanUs = shared.reduce((sum, { us, untilUs }) => sum + untilUs - us, 0)
  let left = deltas
  for (const each of shared) {
    each.deltas = Math.floor((deltas * (each.untilUs - each.us)) / spanUs)
    left -= each.deltas
  }
  const [first, final] = [shared[0], stretches.at(-1)]
  if (first !== undefined) first.deltas += left
  if (ending !== null && final !== undefined) final.deltas = ending.deltas
  return { seed, stretches }
}

/** Up to two gaps, noticed some seconds after the last moment at which the book was right. */
function gapsBetween(fromUs: number, toUs: number, random: Random, epoch: Epoch): Start[] {
  const partUs = (toUs - fromUs) / 2
  return [0, 1].flatMap((part) => {
    if (!random.chance(0.6)) return []
    const noticed = Math.round(fromUs + (part + 0.1 + 0.8 * random.next()) * partUs)
    const cause = random.pick(CAUSES)
    const from = noticed - 1000 - random.below(20_000_000)
    const us = noticed + 200_000 + random.below(60_000_000)
    return [{ epoch, reason: 'gap' as const, us, gap: { cause, from, noticed } }]
  })
}
