import { afterAll, beforeAll, expect, test } from 'vitest'
import { asOf } from '#core/as-of'
import type { Micros } from '#core/instant'
import { type BookRecord, type Gap, type Seq, seqOf } from '#core/log'
import { ensurePartitions } from '../../collector/store/partitions.ts'
import { askBy } from '../../worker/store/ask.ts'
import { historyAt, reachesOf } from '../../worker/store/book-history.ts'
import { listRecords } from '../../worker/store/deltas.ts'
import { listGaps } from '../../worker/store/gaps.ts'
import { readLogSpan } from '../../worker/store/log-span.ts'
import { storeStatus } from '../../worker/store/status.ts'
import { addMarket, NOW, open, openStore, type Store, take } from './fixture.ts'
import { LogMaker } from './log-maker.ts'
import { writeBatch } from './write-batch.ts'

const HOUR = 3_600_000_000

let store: Store
let marketId: number
/** All records of the market, in order, over two epochs and four hours. */
let log: BookRecord[]
let gaps: Gap[]
let through: Micros
let lateGap: Gap

let state = 7
function random(below: number): number {
  state = (state * 1_103_515_245 + 12_345) % 2 ** 31
  return Math.floor((state / 2 ** 31) * below)
}

function wander(maker: LogMaker, from: number, count: number, step: number): number {
  let us = from
  for (let i = 0; i < count; i++) {
    // Every fourth record shares the recv of the one before it, as an amend does.
    if (i % 4 !== 0) us += 1 + random(step)
    const side = random(2) === 0 ? 'yes' : 'no'
    const price = 10_000 * (1 + random(6))
    const size = maker.size(side, price)
    maker.delta(us as Micros, side, price, size > 0 && random(3) === 0 ? -size : 1 + random(500))
  }
  return us
}

beforeAll(async () => {
  store = await openStore()
  const sql = store.collector
  const first = await take(sql)
  marketId = await addMarket(sql, first, 'KXRAIN-26NOV22-A')
  const other = await addMarket(sql, first, 'KXRAIN-26NOV22-B')
  await ensurePartitions(sql, NOW, 3) // the fourth hour falls into the default partition
  await open(sql, first, NOW)

  const noise = new LogMaker(other, first)
  noise.snapshot((NOW + 5) as Micros, [[500_000, 100]], [], 'first')
  wander(noise, NOW + 10, 200, 40_000_000)
  await noise.store(sql, NOW)

  const one = new LogMaker(marketId, first)
  one.snapshot((NOW + 1000) as Micros, [[20_000, 700]], [], 'first')
  let us = wander(one, NOW + 1000, 150, 20_000_000)
  one.gap((us + 3000) as Micros, (us + 1000) as Micros, 'cut')
  one.snapshot((us + 5_000_000) as Micros, [], [[30_000, 1]], 'gap')
  us = wander(one, us + 5_000_000, 150, 40_000_000)
  one.snapshot((us + 1) as Micros, [[40_000, 9]], [[30_000, 1]], 'exchange')
  us = wander(one, us + 1, 50, 10_000_000)
  await one.store(sql, us as Micros)

  const second = await take(sql)
  const opened = await open(sql, second, (us + 60_000_000) as Micros)
  const opening = opened.logs.get(marketId)?.gap
  if (!opening) throw new Error('the log was not left open')
  const two = new LogMaker(marketId, second, 1, opening.seq)
  two.snapshot((opening.recv + 2_000_000) as Micros, [[10_000, 50]], [], 'epoch')
  us = wander(two, Math.max(opening.recv + 2_000_000, NOW + 2 * HOUR), 200, 60_000_000)
  two.end((us + 10) as Micros, 'settled')
  through = (us + 10) as Micros
  await two.store(sql, through)

  log = [...one.records, opening, ...two.records]
  // Found by a later check: the book was wrong for a while that had already been stored.
  const [from, to] = [log[60]?.recv, log[90]?.recv]
  if (from === undefined || to === undefined) throw new Error('too short a log')
  lateGap = { seq: 99 as Seq, cause: 'mismatch', from, to, noticed: to, prevSeq: null }
  await store.owner`
    insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us)
    values (${marketId}, 99, 'mismatch', ${from}, ${to}, ${to})`
  gaps = [lateGap, ...logGaps()]
})

afterAll(() => store.stop())

function logGaps(): Gap[] {
  return log.flatMap((record, i) => {
    if (record.kind !== 'gap') return []
    const { seq, cause, from, recv, prevSeq } = record
    const next = log.slice(i).find(({ kind }) => kind === 'snapshot')
    return [{ seq, cause, from, to: next?.recv ?? null, noticed: recv, prevSeq }]
  })
}

/** The book by plain maps; null when it is not known. */
function fold(records: BookRecord[]): { yes: [number, number][]; no: [number, number][] } | null {
  let book: { yes: Map<number, number>; no: Map<number, number> } | null = null
  for (const record of records) {
    if (record.kind === 'snapshot') book = { yes: new Map(record.yes), no: new Map(record.no) }
    if (record.kind === 'gap') book = null
    if (record.kind !== 'delta' || book === null) continue
    const side = book[record.side]
    const size = (side.get(record.price) ?? 0) + record.change
    if (size === 0) side.delete(record.price)
    else side.set(record.price, size)
  }
  const best = (side: Map<number, number>) => [...side].toSorted(([a], [b]) => b - a)
  return book === null ? null : { yes: best(book.yes), no: best(book.no) }
}

const contains = (us: number) => (gap: Gap) => gap.from < us && (gap.to === null || gap.to > us)

async function readAt(us: number) {
  const history = await historyAt(store.reader, marketId, { us: us as Micros })
  return { history, answer: asOf(history.opening, history.records, history.gaps) }
}

test('as of every record, just before and just after it, the book is that of a plain fold', async () => {
  const instants = new Set(log.flatMap(({ recv }) => [recv - 1, recv, recv + 1]))
  for (const us of [...instants].filter((each) => each >= (log[0]?.recv ?? 0))) {
    const { history, answer } = await readAt(us)
    const upTo = log.filter(({ recv }) => recv <= us)
    const over = gaps.filter(contains(us))
    expect(history.gaps).toEqual(over)
    expect(history).toMatchObject({ opening: { kind: 'new' }, records: upTo })
    const truth = over.length > 0 ? null : fold(upTo)
    if (truth === null) {
      expect(answer.kind).toBe('unknown')
    } else {
      if (answer.kind !== 'book') throw new Error(`no book at ${us}`)
      expect(answer.book.ladders()).toEqual(truth)
      expect(answer.seq).toBe(upTo.at(-1)?.seq)
    }
  }
})

test('after every seq the book is that of a plain fold, hindsight included', async () => {
  for (const [i, record] of log.entries()) {
    if (i % 7 !== 0 && record.kind === 'delta') continue
    const history = await historyAt(store.reader, marketId, { seq: record.seq })
    const over = gaps.filter(contains(record.recv))
    expect(history.gaps).toEqual(over)
    const answer = asOf(history.opening, history.records, history.gaps)
    const truth = over.length > 0 ? null : fold(log.slice(0, i + 1))
    if (answer.kind === 'book') expect(answer.book.ladders()).toEqual(truth)
    else expect(truth).toBeNull()
  }
})

test('the last book is the whole log, and a seq beyond it is the same', async () => {
  const last = await historyAt(store.reader, marketId, 'last')
  expect(last).toMatchObject({ opening: { kind: 'new' }, records: log })
  const beyond = { seq: seqOf(9999 as never, 0) }
  expect(await historyAt(store.reader, marketId, beyond)).toEqual(last)
})

test('the span of a log names its ends and the watermark', async () => {
  const [first, last] = [log[0], log.at(-1)]
  expect(await readLogSpan(askBy(store.reader), 'KXRAIN-26NOV22-A')).toMatchObject({
    first: { recvUs: first?.recv, seq: first?.seq },
    last: { recvUs: last?.recv, seq: last?.seq },
    throughUs: through,
  })
})

test('before the first record there is no opening and no record', async () => {
  const { history, answer } = await readAt(NOW)
  expect(history).toMatchObject({ opening: { kind: 'new' }, records: [], gaps: [] })
  expect(answer.kind).toBe('before_record')
})

test('a market without a log has no book, and its record no beginning', async () => {
  const history = await historyAt(store.reader, 4711, 'last')
  expect(history).toEqual({
    opening: { kind: 'new' },
    records: [],
    gaps: [],
    touching: [],
    throughUs: through,
  })
  const reaches = await reachesOf(askBy(store.reader), [4711])
  expect(reaches.get(4711)).toEqual({ first: null, throughUs: through })
})

test('pages of the log put together are the log, whatever their size', async () => {
  for (const limit of [1000, 97]) {
    const found: BookRecord[] = []
    let after: { recvUs: Micros; seq: Seq } | undefined
    for (;;) {
      const range = after === undefined ? { limit } : { limit, after }
      const page = await listRecords(store.reader, marketId, range)
      expect(page.throughUs).toBe(through)
      found.push(...page.records)
      const last = page.records.at(-1)
      if (last === undefined || page.records.length < limit) break
      after = { recvUs: last.recv, seq: last.seq }
    }
    expect(found).toEqual(log)
  }
})

test('a range of the log has its from, not its to, and what follows a seq', async () => {
  const [from, to] = [log[100], log[400]]
  if (from === undefined || to === undefined) throw new Error('too short a log')
  const range = { fromUs: from.recv, toUs: to.recv, limit: 10_000 }
  const { records } = await listRecords(store.reader, marketId, range)
  expect(records).toEqual(log.filter(({ recv }) => recv >= from.recv && recv < to.recv))
  const after = await listRecords(store.reader, marketId, { afterSeq: from.seq, limit: 5 })
  expect(after.records).toEqual(log.slice(101, 106))
})

test('gaps are those that overlap the range, with the bounds that are known now', async () => {
  const order = 'asc'
  const all = await listGaps(store.reader, marketId, { order, limit: 100 })
  expect(all).toEqual({ rows: gaps, throughUs: through })
  for (const gap of gaps) {
    const inside = {
      fromUs: (gap.from + 1) as Micros,
      toUs: (gap.from + 2) as Micros,
      order,
      limit: 100,
    } as const
    const found = await listGaps(store.reader, marketId, inside)
    expect(found.rows).toEqual(gaps.filter(contains(gap.from + 1)))
    const touching = {
      fromUs: (gap.to ?? 0) as Micros,
      toUs: ((gap.to ?? 0) + 1) as Micros,
      order,
      limit: 9,
    } as const
    expect((await listGaps(store.reader, marketId, touching)).rows).not.toContainEqual(gap)
  }
  const after = await listGaps(store.reader, marketId, { after: lateGap.seq, order, limit: 1 })
  expect(after.rows).toEqual(gaps.slice(1, 2))
})

test('the status counts markets and open gaps', async () => {
  const status = await storeStatus(store.reader)
  // The other market's log was left open by the first epoch.
  expect(status).toMatchObject({ throughUs: through, markets: 2, openGaps: 1 })
})

test('no list shows a record beyond the watermark', async () => {
  const third = await take(store.collector)
  await open(store.collector, third, (through + 1000) as Micros)
  const id = await addMarket(store.collector, third, 'KXRAIN-26NOV22-C')
  const maker = new LogMaker(id, third)
  const base = through + 2000
  maker.snapshot(base as Micros, [], [], 'first')
  maker.delta((base + 500) as Micros, 'yes', 10_000, 100)
  maker.delta((base + 1500) as Micros, 'yes', 10_000, 100)
  const records = maker.records.map((record) => ({ marketId: id, record }))
  const watermarkUs = (base + 500) as Micros
  await writeBatch(store.collector, { ...third, records, watermarkUs, alive: [] })
  const seen = await listRecords(store.reader, id, { limit: 100 })
  expect(seen).toEqual({ records: maker.records.slice(0, 2), throughUs: watermarkUs })
  const moved = { ...third, records: [], watermarkUs: (base + 2000) as Micros, alive: [] }
  await writeBatch(store.collector, moved)
  expect((await listRecords(store.reader, id, { limit: 100 })).records).toEqual(maker.records)
})

test('a row that cannot be read is refused with its seq, never passed over', async () => {
  const id = 4712
  await store.owner`
    insert into kb.book_deltas (market_id, seq, recv_us, kind, reason, ladders)
    values (${id}, 1, ${NOW}, 0, 'first', '1:1,2:2|')`
  const unreadable = { code: 'row_unreadable', message: expect.stringContaining('seq 1') }
  await expect(historyAt(store.reader, id, 'last')).rejects.toMatchObject(unreadable)
  await expect(listRecords(store.reader, id, { limit: 1 })).rejects.toMatchObject(unreadable)
})
