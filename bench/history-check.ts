import { seededRandom } from '../simulator/random.ts'
import { ApiClient } from './api-client.ts'
import { type LogPlan, makeLog } from './history-log.ts'
import type { HistoryRig } from './history-rig.ts'

const MARKETS = 12
const INSTANTS = 25

type Side = 'yes' | 'no'
/** What is known of a book at an instant: by hand, and by nothing of the product's. */
type Known =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'as_of'
      readonly seq: number
      readonly yes: readonly (readonly [string, string])[]
      readonly no: readonly (readonly [string, string])[]
    }

/** Holds books of the past as the API answers them against a fold of our own. Throws at the first that differs. */
export async function checkBooks(rig: HistoryRig): Promise<void> {
  const client = new ApiClient(rig.url, rig.apiKey)
  const random = seededRandom(rig.markets.length)
  try {
    for (let i = 0; i < MARKETS; i += 1) {
      const nth = i < 2 ? i : random.below(rig.markets.length)
      const [market, plan] = [rig.markets[nth], rig.plan.logs[nth]]
      if (market === undefined || plan === undefined) throw new Error(`no market ${nth}`)
      const instants = someInstants(plan, rig.plan.toUs, random.next)
      for (const [at, known] of foldAt(plan, instants)) {
        const path = `/v1/markets/${market.ticker}/orderbook?at=${at}&view=native`
        const { status, body } = await client.read(path)
        if (status !== 200) throw new Error(`${path}: ${status} ${body}`)
        const { data } = JSON.parse(body) as { data: Record<string, unknown> }
        const { seq, yes, no } = data
        const answer = known.status === 'unknown' ? {} : { seq, yes, no }
        const told = JSON.stringify({ status: data['status'], ...answer })
        if (told !== JSON.stringify(known)) {
          throw new Error(
            `${path}: ${told.slice(0, 500)} is not ${JSON.stringify(known).slice(0, 500)}`,
          )
        }
      }
    }
  } finally {
    client.close()
  }
}

/** Moments all over the log, in order, and some about each of its gaps and snapshots. */
function someInstants({ stretches }: LogPlan, toUs: number, next: () => number): number[] {
  const first = stretches[0]?.us ?? 0
  const about = stretches.flatMap(({ us, gap }) =>
    gap === null ? [us] : [us, gap.noticed, gap.from, (gap.from + gap.noticed) / 2],
  )
  const random = Array.from({ length: INSTANTS }, () => first + next() * (toUs - first))
  return [...random, ...about].map(Math.round).sort((a, b) => a - b)
}

function foldAt(plan: LogPlan, instants: readonly number[]): Map<number, Known> {
  const book = { yes: new Map<number, number>(), no: new Map<number, number>() }
  const gaps: { readonly from: number; to: number }[] = []
  const found = new Map<number, Known>()
  const left = [...instants]
  let seq: number | null = null
  const note = (until: number) => {
    for (let at = left[0]; at !== undefined && at < until; at = left[0]) {
      left.shift()
      const known = seq !== null && (gaps.at(-1)?.to ?? 0) < Number.POSITIVE_INFINITY
      found.set(at, known && seq !== null ? shown(book, seq) : { status: 'unknown' })
    }
  }
  for (const record of makeLog(plan)) {
    note(record.recv)
    seq = record.seq
    if (record.kind === 'gap') gaps.push({ from: record.from, to: Number.POSITIVE_INFINITY })
    if (record.kind === 'snapshot') {
      const open = gaps.at(-1)
      if (open !== undefined && open.to > record.recv) open.to = record.recv
      book.yes = new Map(record.yes)
      book.no = new Map(record.no)
    }
    if (record.kind !== 'delta') continue
    if (record.size === 0) book[record.side].delete(record.price)
    else book[record.side].set(record.price, record.size)
  }
  note(Number.POSITIVE_INFINITY)
  // What was recorded before a gap was noticed, and after it began, is not known in hindsight.
  for (const at of found.keys()) {
    if (gaps.some(({ from, to }) => from < at && at < to)) found.set(at, { status: 'unknown' })
  }
  return found
}

function shown(book: Record<Side, Map<number, number>>, seq: number): Known {
  const ladder = (side: Side) =>
    [...book[side]]
      .sort(([a], [b]) => b - a)
      .map(([price, size]) => [(price / 1e6).toFixed(4), (size / 100).toFixed(2)] as const)
  return { status: 'as_of', seq, yes: ladder('yes'), no: ladder('no') }
}
