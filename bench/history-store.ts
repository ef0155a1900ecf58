import postgres, { type Sql } from 'postgres'
import type { Micros } from '#core/instant'
import type { BookRecord, Epoch, GapRecord } from '#core/log'
import type { Ticker } from '#core/ticker'
import { integerArray, textArray } from '../collector/store/array-literal.ts'
import type { Hold } from '../collector/store/lease.ts'
import { noteBegins } from '../collector/store/log-begins.ts'
import { insertRecords, type MarketRecord, rowsOf } from '../collector/store/log-rows.ts'
import { marketIds } from '../collector/store/metadata.ts'
import { ensurePartitions, ensureSegmentPartitions } from '../collector/store/partitions.ts'
import { type DeflatedSegment, deflated, insertSegments } from '../collector/store/segments.ts'
import { makeLog } from './history-log.ts'
import type { HistoryPlan } from './history-plan.ts'
import { HistorySeal } from './history-seal.ts'
import { listMarkets } from './listed-markets.ts'

const SEGMENTS_AT_ONCE = 200
const ROWS_AT_ONCE = 5000
const HOUR_US = 3_600_000_000
const DAY_US = 24 * HOUR_US
const LEASE = 'bench'

/** A market that has a log; its id is that of `kb.markets`. */
export type LoggedMarket = { readonly id: number; readonly ticker: Ticker }

/** A gap as it is known in the end. */
type KnownGap = GapRecord & { readonly marketId: number; readonly to: Micros | null }

/**
 * Fills an empty store as a collector would have left it at the plan's end: markets described, everything in segments but
 * for what is not yet due, and the rows of the last hour and of this one still hot. Nothing waits for the disk.
 * @param listed how many markets there are in all
 * @returns the market of each of the plan's logs
 * Throws as Postgres does.
 */
export async function fillHistory(
  ownerUrl: string,
  plan: HistoryPlan,
  listed: number,
): Promise<LoggedMarket[]> {
  const connection = { synchronous_commit: 'off' }
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {}, connection })
  try {
    const hold = await openStore(sql, plan)
    const all = await listMarkets(sql, hold, listed, (plan.fromUs - HOUR_US) as Micros, plan.toUs)
    const open = all.filter((market) => market.open)
    const chosen = plan.logs.map((_, i) => {
      const market = open[Math.floor((i * open.length) / plan.logs.length)]
      if (market === undefined) throw new Error('no market is open')
      return market.ticker
    })
    const ids = await marketIds(sql, chosen)
    const markets = chosen.map((ticker) => ({ ticker, id: ids.get(ticker) ?? 0 }))
    for (const [i, market] of markets.entries()) await fillLog(sql, plan, i, market)
    await sql`vacuum analyze`
    return markets
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function openStore(sql: Sql, { fromUs, toUs, hotUs, epochs }: HistoryPlan): Promise<Hold> {
  await ensureSegmentPartitions(sql, fromUs, Math.ceil((toUs - fromUs) / DAY_US) + 4)
  await ensurePartitions(sql, hotUs, 6)
  for (const [i, { epoch, us }] of epochs.entries()) {
    const next = epochs[i + 1]
    await sql`
      insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
      values (0, ${epoch}, ${LEASE}, ${us}, ${next === undefined ? toUs : next.us - 1})`
    await sql`
      insert into kb.lease (slice, epoch, lease, holder, taken_us)
      values (0, ${epoch}, ${LEASE}, 'bench', ${us})
      on conflict (slice) do update set epoch = excluded.epoch, taken_us = excluded.taken_us`
  }
  return { slice: 0, lease: LEASE, epoch: epochs.at(-1)?.epoch ?? (0 as Epoch) }
}

async function fillLog(
  sql: Sql,
  { toUs, hotUs, logs }: HistoryPlan,
  nth: number,
  { id, ticker }: LoggedMarket,
): Promise<void> {
  const plan = logs[nth]
  if (plan === undefined) throw new Error(`no log ${nth}`)
  const seal = new HistorySeal(ticker)
  const gaps: KnownGap[] = []
  const hot: MarketRecord[] = []
  let first: BookRecord | null = null
  let segments: DeflatedSegment[] = []
  // One batch is being stored while the next is made.
  let storing: Promise<unknown> = Promise.resolve()
  const flush = async () => {
    const batch = segments
    segments = []
    await storing
    storing = sql.begin((tx) => insertSegments(tx, batch))
  }
  for (const record of makeLog(plan)) {
    segments.push(...seal.add(record).map((run) => deflated(id, run)))
    if (segments.length >= SEGMENTS_AT_ONCE) await flush()
    if (first === null) first = record
    if (record.kind === 'gap') gaps.push({ ...record, marketId: id, to: null })
    const open = gaps.at(-1)
    if (record.kind === 'snapshot' && open?.to === null) {
      gaps.splice(-1, 1, { ...open, to: record.recv })
    }
    if (record.recv >= hotUs) hot.push({ marketId: id, record })
  }
  segments.push(...seal.end(toUs).map((run) => deflated(id, run)))
  await flush()
  await storing
  await insertGaps(sql, gaps)
  const begins = first === null ? [] : rowsOf([{ marketId: id, record: first }])
  await sql.begin((tx) => noteBegins(tx, begins))
  for (let at = 0; at < hot.length; at += ROWS_AT_ONCE) {
    await sql.begin((tx) => insertRecords(tx, hot.slice(at, at + ROWS_AT_ONCE)))
  }
}

async function insertGaps(sql: Sql, gaps: readonly KnownGap[]): Promise<void> {
  const integers = (pick: (gap: KnownGap) => number | null) => integerArray(gaps.map(pick))
  await sql`
    insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us, prev_seq)
    select * from unnest(
      ${integers(({ marketId }) => marketId)}::int4[],
      ${integers(({ seq }) => seq)}::int8[],
      ${textArray(gaps.map(({ cause }) => cause))}::text[],
      ${integers(({ from }) => from)}::int8[],
      ${integers(({ to }) => to)}::int8[],
      ${integers(({ recv }) => recv)}::int8[],
      ${integers(({ prevSeq }) => prevSeq)}::int8[])`
}
