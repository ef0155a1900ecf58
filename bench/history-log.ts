import type { Micros } from '#core/instant'
import {
  type BookRecord,
  type Epoch,
  type GapCause,
  type Seq,
  type SnapshotReason,
  seqOf,
} from '#core/log'
import type { SizeChange } from '#core/size'
import { seededRandom } from '../simulator/random.ts'
import { MadeBook } from './made-book.ts'

/** A stretch of a log that begins with the exchange's snapshot, and how many deltas follow it. Times in µs. */
export type Stretch = {
  readonly epoch: Epoch
  readonly reason: SnapshotReason
  /** When the snapshot comes, and by when the last delta has. */
  readonly us: number
  readonly untilUs: number
  readonly deltas: number
  /** The gap before it: since when nobody can vouch, which may be before deltas that are recorded, and when it is noticed. */
  readonly gap: { readonly cause: GapCause; readonly from: number; readonly noticed: number } | null
}

/** How a made-up market's log goes; the seed says the rest. */
export type LogPlan = { readonly seed: number; readonly stretches: readonly Stretch[] }

const LATENCY_US = 12_000
const JITTER_US = 6000

/** Makes the records of a log in order; the same plan makes the same log. */
export function* makeLog({ seed, stretches }: LogPlan): Generator<BookRecord> {
  const random = seededRandom(seed)
  const book = new MadeBook(random)
  let last: Seq | null = null
  let recv = 0
  let count = 0
  const next = (epoch: Epoch, us: number) => {
    if (last === null || seqOf(epoch, 0) > last) count = 0
    recv = Math.max(recv, Math.round(us))
    last = seqOf(epoch, count)
    count += 1
    return { seq: last, recv: recv as Micros }
  }
  for (const { epoch, reason, us, untilUs, deltas, gap } of stretches) {
    if (gap !== null) {
      const { cause, from, noticed } = gap
      const body = { kind: 'gap', event: null, cause, from: from as Micros, prevSeq: last } as const
      yield { ...body, ...next(epoch, noticed) }
      // What happens meanwhile nobody tells.
      for (let i = 0; i < 30; i += 1) book.next()
    }
    yield { kind: 'snapshot', event: null, reason, ...book.ladders(), ...next(epoch, us) }
    const stepUs = (untilUs - us - 2 * (LATENCY_US + JITTER_US)) / Math.max(1, deltas)
    for (let made = 0; made < deltas; ) {
      const event = Math.round(us + LATENCY_US + (made + random.next()) * stepUs)
      const late = LATENCY_US + random.below(JITTER_US)
      // Both halves of a moved order share their times.
      for (const each of book.next().slice(0, deltas - made)) {
        const change = each.change as SizeChange
        const stamped = { ...next(epoch, event + late), event: event as Micros }
        yield { kind: 'delta', ...each, change, ...stamped }
        made += 1
      }
    }
  }
}
