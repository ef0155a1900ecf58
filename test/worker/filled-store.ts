import type { Sql } from 'postgres'
import { type Micros, parseInstant } from '#core/instant'
import { type BookRecord, type Epoch, type Level, type Seq, seqOf } from '#core/log'
import { asOwner, setWatermark, storeGap, storeRecords } from './store.ts'

// The store that the examples of the API tell of: markets of which every table has something to say.

export const SERIES = 'KXBTCD'
export const EVENT = 'KXBTCD-26NOV2217'
/** Its record begins at 16:59 on 21 November 2026, has a gap at 17:30 and goes on. */
export const MARKET = `${EVENT}-T95000`
/** Settled: its log has ended. */
export const SETTLED = `${EVENT}-T96000`
/** Its texts are formulas of a spreadsheet. */
export const FORMULA = 'KXFORMULA-26NOV22-T1'

const EPOCH = 7811 as Epoch
const seq = (n: number): Seq => seqOf(EPOCH, n)

/** µs of a time of day on 21 November 2026. */
export function at(time: string): Micros {
  const instant = parseInstant(`2026-11-21T${time}Z`)
  if (instant === null) throw new Error(`${time} is no time`)
  return instant
}

const level = (price: number, size: number) => [price, size] as unknown as Level

function snapshot(n: number, time: string, reason: 'first' | 'gap' | 'check'): BookRecord {
  const yes = [level(420_000, 120_000), level(410_000, 50_000)]
  const ladders = { yes, no: [level(570_000, 85_000)] }
  return { kind: 'snapshot', seq: seq(n), recv: at(time), event: null, reason, ...ladders }
}

function delta(n: number, time: string, side: 'yes' | 'no', change: number, size: number) {
  const price = side === 'yes' ? 420_000 : 570_000
  const event = (at(time) - 18_000) as Micros
  const record = { kind: 'delta', seq: seq(n), recv: at(time), event, side, price, change, size }
  return record as unknown as BookRecord
}

function logOf(): BookRecord[] {
  const log = [snapshot(0, '16:59:00', 'first')]
  for (let n = 1; n <= 24; n++) {
    const time = n < 24 ? `16:59:${String(n + 10)}` : '17:00:00.231877'
    log.push(delta(n, time, n % 2 === 0 ? 'yes' : 'no', 100, 0))
  }
  // Sizes that follow from the changes.
  const sizes = { yes: 120_000, no: 85_000 }
  const whole = log.map((record) => {
    if (record.kind !== 'delta') return record
    sizes[record.side] += 100
    return { ...record, size: sizes[record.side] } as BookRecord
  })
  const [from, noticed] = [at('17:29:58'), at('17:30:00')]
  const gap = { kind: 'gap', seq: seq(25), recv: noticed, event: null, cause: 'cut', from } as const
  const lie = { ...gap, seq: seq(28), recv: at('17:50:01'), cause: 'mismatch' } as const
  return [
    ...whole,
    { ...gap, prevSeq: seq(24) },
    snapshot(26, '17:30:05', 'gap'),
    delta(27, '17:40:00', 'yes', -20_000, 100_000),
    { ...lie, from: at('17:50:00'), prevSeq: seq(27) },
    snapshot(29, '17:50:01', 'check'),
  ]
}

const HOUR_US = 3_600_000_000

/** Fills the store, once. The record goes from 16:00 to a time that no test reaches, so that none waits for it. */
export async function fillStore(): Promise<void> {
  await setWatermark((Date.now() * 1000 + HOUR_US) as Micros)
  await asOwner((sql) => sql`update kb.epochs set opened_us = ${at('16:00:00')}`)
  const ids = await asOwner(storeMetadata)
  if (ids === null) return
  await storeRecords(ids.market, logOf())
  const bounds = { from: at('17:29:58'), to: at('17:30:05'), noticed: at('17:30:00') }
  await storeGap(ids.market, { seq: seq(25), cause: 'cut', ...bounds, prevSeq: seq(24) })
  const later = { from: at('17:50:00'), to: at('17:50:01'), noticed: at('17:50:01') }
  await storeGap(ids.market, { seq: seq(28), cause: 'mismatch', ...later, prevSeq: seq(27) })
  await storeRecords(ids.settled, [
    snapshot(0, '16:59:00', 'first'),
    delta(1, '17:00:01', 'yes', 100, 120_100),
    { kind: 'end', seq: seq(2), recv: at('18:00:00'), event: at('17:59:59'), reason: 'settled' },
  ])
  await asOwner((sql) => storeEvents(sql, ids))
}

type Ids = { readonly market: number; readonly settled: number }

/** @returns null when it is there already */
async function storeMetadata(sql: Sql): Promise<Ids | null> {
  const [there] = await sql`select from kb.markets where ticker = ${MARKET}`
  if (there !== undefined) return null
  const seen = at('16:00:00')
  const about = { raw: sql.json({}), updated_us: seen }
  for (const [ticker, title] of [
    [SERIES, 'Bitcoin price'],
    ['KXFORMULA', '=SUM(A1:A9)'],
  ] as const) {
    const fees = { fee_type: 'quadratic', fee_multiplier: '1', tags: sql.json(['crypto']) }
    const row = { ticker, title, category: 'Crypto', frequency: 'hourly', ...fees, ...about }
    await sql`insert into kb.series ${sql(row)}`
  }
  for (const [ticker, series_ticker, title] of [
    [EVENT, SERIES, 'Bitcoin price on 22 November'],
    ['KXFORMULA-26NOV22', 'KXFORMULA', '+1-1'],
  ] as const) {
    const kind = { category: 'Crypto', mutually_exclusive: false, sub_title: '@SUM(A1)' }
    await sql`insert into kb.events ${sql({ ticker, series_ticker, title, ...kind, ...about })}`
  }
  const ids: number[] = []
  for (const [ticker, status, title] of [
    [MARKET, 'active', 'Bitcoin price on 22 November: above 95000?'],
    [SETTLED, 'finalized', 'Bitcoin price on 22 November: above 96000?'],
    [FORMULA, 'active', '=HYPERLINK("https://x.test","free")'],
  ] as const) {
    const event_ticker = ticker.slice(0, ticker.lastIndexOf('-'))
    const series_ticker = ticker.slice(0, ticker.indexOf('-'))
    const times = { open_us: seen, close_us: at('23:00:00'), first_seen_us: seen }
    const row = { ticker, event_ticker, series_ticker, title, status, ...times, ...about }
    const strike = { market_type: 'binary', strike_type: 'greater', floor_strike: '95000' }
    const texts = { yes_sub_title: '-1+1', no_sub_title: '@now', rules_primary: 'Rules' }
    const grid = { price_level_structure: 'linear_cent', can_close_early: true }
    const ranges = [{ start: '0.0000', end: '1.0000', step: '0.0100' }]
    const [stored] = await sql`
      insert into kb.markets
      ${sql({ ...row, ...strike, ...texts, ...grid, price_ranges: sql.json(ranges) })}
      returning id`
    ids.push(Number(stored?.['id']))
  }
  const [market = 0, settled = 0] = ids
  return { market, settled }
}

/** What happened to the markets beside their books. */
async function storeEvents(sql: Sql, { market, settled }: Ids): Promise<void> {
  for (const market_id of [market, settled]) {
    for (let n = 0; n < 6; n++) {
      const event_us = at(`17:0${n}:30.000001`)
      const kind = { taker: n % 2, source: n === 5 ? 1 : 0, block: n === 4 }
      const row = { event_us, recv_us: event_us + 9000, size: 8212, price: 420_000 + n * 10_000 }
      const trade_id = `7c3e0a5e-${market_id}-${n}`
      await sql`insert into kb.trades ${sql({ market_id, ...row, ...kind, trade_id })}`
      const bid = { bid_price: 420_000, bid_size: 120_000 }
      const ask = { ask_price: 430_000, ask_size: 85_000 }
      const minute = { start_us: at(`17:0${n}:00`), open_interest: 90_000, gap_us: 0 }
      await sql`insert into kb.candle_quotes ${sql({ market_id, ...minute, ...bid, ...ask })}`
    }
  }
  const opened = { kind: 'activated', at_us: at('16:00:00'), recv_us: at('16:00:01') }
  const detail = sql.json({ status: 'active' })
  for (const market_id of [market, settled]) {
    await sql`insert into kb.lifecycle ${sql({ market_id, ...opened, source: 'stream', detail })}`
  }
  const grid = sql.json({ price_level_structure: 'linear_cent' })
  const changed = { kind: 'price_level_structure_updated', at_us: null, recv_us: at('16:30:00') }
  const fee = { kind: 'fee', at_us: at('16:00:00'), recv_us: at('16:00:02'), source: 'rest' }
  await sql`insert into kb.lifecycle
    ${sql({ market_id: market, ...changed, source: 'rest', detail: grid })}`
  await sql`insert into kb.lifecycle
    ${sql({ event_ticker: EVENT, ...fee, detail: sql.json({ fee_multiplier: '1' }) })}`
  for (const market_id of [market, settled]) {
    // A result, and the one that replaced it.
    for (const [n, result] of ['no', 'yes'].entries()) {
      const times = {
        determined_us: at(`17:59:5${n}`),
        settled_us: n === 0 ? null : at('18:30:00'),
      }
      const value = { result, settlement_value: '1.0000', recv_us: at(`18:00:0${n}`) }
      await sql`
        insert into kb.settlements ${sql({ market_id, n, ...value, ...times, source: 'stream' })}`
    }
  }
  await sql`update kb.markets set result = 'yes', settlement_value = '1.0000',
    settlement_us = ${at('18:30:00')} where id = ${settled}`
}
