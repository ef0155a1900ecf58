import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { asOf } from '#core/as-of'
import type { Entry } from '#core/entry'
import { type BookRecord, epochOf, numberOf, type Seq, seqOf } from '#core/log'
import type { Price } from '#core/price'
import type { Size } from '#core/size'
import type { Ticker } from '#core/ticker'
import { drainLeftover } from '../../collector/drain-leftover.ts'
import type { Spool } from '../../collector/spool/spool.ts'
import { MarketIds } from '../../collector/store/market-ids.ts'
import { makePartitions } from '../../collector/store/partitions.ts'
import { SealRecovery } from '../../collector/store/seal-recovery.ts'
import { historyAt } from '../../worker/store/book-history.ts'
import { listRecords } from '../../worker/store/deltas.ts'
import { emptyFolder, openedSpool, spoolFiles } from '../collector/spool-fixture.ts'
import { fold, type PlainBook } from '../core/plain-book.ts'
import { plainOf } from '../core/random-log.ts'
import { at, NOW, openStore, type Store, take } from './fixture.ts'
import { dropHot } from './sealed-log.ts'
import { drain, SpooledCollector } from './spooled-collector.ts'
import { failing } from './stored-log.ts'

const [A, B, C] = ['KXA', 'KXB', 'KXC'] as Ticker[] as [Ticker, Ticker, Ticker]
const SECOND = 1_000_000
const DAY = 86_400 * SECOND

let store: Store
beforeAll(async () => {
  store = await openStore()
})
beforeEach(() => store.clear())
afterAll(() => store.stop())

/** A spool of its own folder, and how to come back to it after a crash. */
async function newSpool(options: { fileBytes?: number } = {}) {
  const folder = await emptyFolder()
  let { spool } = await openedSpool(folder, options)
  return {
    folder,
    get spool(): Spool {
      return spool
    },
    start: (us: number, batch?: number) => SpooledCollector.start(store, spool, us, batch),
    /** What was spooled is on the disk; the process is gone, and there again. */
    crash: async () => {
      await spool.close()
      spool = (await openedSpool(folder, options)).spool
    },
  }
}

type Row = { readonly seq: Seq; readonly us: number; readonly kind: number }

/** The rows of a market's log: epoch and number, recv after NOW. */
async function rows(market: Ticker): Promise<Row[]> {
  const found = await store.owner`
    select d.seq, d.recv_us, d.kind from kb.book_deltas d join kb.markets m on m.id = d.market_id
    where m.ticker = ${market} order by d.seq`
  return found.map((row) => ({
    seq: Number(row['seq']) as Seq,
    us: Number(row['recv_us']) - NOW,
    kind: Number(row['kind']),
  }))
}

type GapRow = {
  readonly seq: number
  readonly cause: unknown
  readonly from: number
  readonly to: number | null
  readonly noticed: number
  readonly prev: number | null
}

async function gaps(market: Ticker): Promise<GapRow[]> {
  const found = await store.owner`
    select g.* from kb.book_gaps g join kb.markets m on m.id = g.market_id
    where m.ticker = ${market} order by g.seq`
  return found.map((row) => ({
    seq: Number(row['seq']),
    cause: row['cause'],
    from: Number(row['from_us']) - NOW,
    to: row['to_us'] === null ? null : Number(row['to_us']) - NOW,
    noticed: Number(row['noticed_us']) - NOW,
    prev: row['prev_seq'] === null ? null : Number(row['prev_seq']),
  }))
}

async function watermark(epoch: number): Promise<number> {
  const [row] = await store.owner`
    select recorded_through_us as us from kb.epochs where epoch = ${epoch}`
  return Number(row?.['us']) - NOW
}

async function trades(): Promise<unknown[]> {
  const found = await store.owner`select trade_id from kb.trades order by event_us`
  return found.map((row) => row['trade_id'])
}

async function idOf(market: Ticker): Promise<number> {
  const [row] = await store.owner`select id from kb.markets where ticker = ${market}`
  return Number(row?.['id'])
}

/** The book at a moment as the worker reads it; why not, when it is not known. */
async function bookAt(market: Ticker, us: number): Promise<PlainBook | 'gap' | 'none'> {
  const id = await idOf(market)
  const { opening, records, gaps: over } = await historyAt(store.reader, id, { us: at(us) })
  const found = asOf(opening, records, over)
  if (found.kind === 'book') return plainOf(found.book)
  return found.kind === 'unknown' ? 'gap' : 'none'
}

/** The book at a moment by what a collector made, stored or not. */
function madeBy(collector: SpooledCollector, market: Ticker, us: number): PlainBook | null {
  return collector.records
    .filter((each) => each.market === market && each.record.recv <= at(us))
    .reduce<PlainBook | null>((book, { record }) => fold(book, record), null)
}

/** Ten deltas of a market a millisecond apart, after so many ms. */
function deltas(collector: SpooledCollector, market: Ticker, fromMs: number, count = 10): void {
  for (let n = 0; n < count; n++) {
    collector.delta(market, (fromMs + n) * 1000, 10_000 * (1 + (n % 4)), 100 + n)
  }
}

const mine = (all: readonly Row[], { hold }: SpooledCollector) =>
  all.filter(({ seq }) => epochOf(seq) === hold.epoch)
const firstOf = ({ hold }: SpooledCollector): Seq => seqOf(hold.epoch, 0)

test('an undrained spool is stored whole before the next epoch opens, whose gap begins at its last proof of life', async () => {
  const { spool, start, crash } = await newSpool()
  const first = await start(0)
  first.snapshot(A, 1000, [[20_000, 500]])
  first.snapshot(B, 1500, [])
  deltas(first, A, 2)
  first.mark(50_000, 48_000)
  first.delta(B, 60_000, 30_000, 100)
  first.trade(A, 61_000)
  await spool.flush()
  await crash()
  const second = await start(SECOND)
  expect(second.drained).toEqual([
    {
      epoch: first.hold.epoch,
      known: true,
      records: 13,
      refused: 0,
      holes: 0,
      through: at(50_000),
    },
  ])
  expect((await rows(A)).map(({ seq }) => seq)).toEqual([
    ...Array.from({ length: 11 }, (_, n) => seqOf(first.hold.epoch, n)),
    firstOf(second),
  ])
  expect(await watermark(first.hold.epoch)).toBe(50_000)
  // B's own last record is later than the last proof of life, and proves B alone.
  expect(await gaps(A)).toMatchObject([{ cause: 'epoch', from: 48_000, to: null, noticed: SECOND }])
  expect(await gaps(B)).toMatchObject([{ cause: 'epoch', from: 59_999, to: null, noticed: SECOND }])
  expect(await bookAt(A, 47_999)).toEqual(madeBy(first, A, 47_999))
  expect(await bookAt(A, 48_001)).toBe('gap')
  expect(await trades()).toHaveLength(1)
})

test('the gap begins at the watermark of the leftover when the proof of life is later', async () => {
  const { start, crash } = await newSpool()
  const first = await start(0)
  first.snapshot(A, 1000, [])
  first.mark(40_000, 45_000)
  await crash()
  await start(SECOND)
  expect(await gaps(A)).toMatchObject([{ from: 40_000, noticed: SECOND }])
})

/**
 * One collector falls silent with records and a trade in its spool, up to 2 s; another took over at 1 s, knew the book from 1.1 s
 * on, and is gone in its turn.
 */
async function takenOver(options: { fileBytes?: number } = {}) {
  const [mineOf, other] = [await newSpool(options), await newSpool()]
  const first = await mineOf.start(0)
  first.snapshot(A, 1000, [[20_000, 500]])
  first.snapshot(B, 1000, [[10_000, 5]])
  deltas(first, A, 2)
  first.mark(20_000)
  await mineOf.spool.flush()
  while (await first.store());
  const { spool } = mineOf
  deltas(first, A, 100)
  first.trade(A, 120_000)
  await spool.flush()
  first.mark(600_000, 590_000)
  await spool.flush()
  deltas(first, A, 700)
  await spool.flush()
  first.mark(SECOND - 100_000)
  deltas(first, A, 995)
  await spool.flush()
  const second = await other.start(SECOND)
  second.snapshot(A, 1_100_000, [[30_000, 7]])
  deltas(second, A, 1200)
  second.mark(1_300_000)
  await other.spool.flush()
  while (await second.store());
  deltas(first, A, 1500)
  first.trade(A, 1_600_000)
  first.mark(2 * SECOND)
  await mineOf.crash()
  return { mine: mineOf, other, first, second }
}

test('a spool that comes back after a takeover only fills its gap, which shrinks to what is not known', async () => {
  const { mine: spooled, first, second } = await takenOver()
  const before = await gaps(A)
  expect(before).toMatchObject([{ from: 20_000, to: 1_100_000, noticed: SECOND }])
  expect(await bookAt(A, 500_000)).toBe('gap')
  const third = await spooled.start(3 * SECOND)
  expect(third.drained).toMatchObject([{ known: true, refused: 0, holes: 0, records: 26 }])
  const stored = await rows(A)
  const filled = mine(stored, first)
  expect(filled.at(-1)).toMatchObject({ us: SECOND })
  expect(filled.map(({ seq }) => numberOf(seq))).toEqual([...Array(37).keys()])
  // Nothing of the time in which the other one recorded.
  expect(mine(stored, second)).toHaveLength(12)
  expect(filled.filter(({ us }) => us > SECOND)).toEqual([])
  const [gap, last] = await gaps(A)
  expect(gap).toMatchObject({
    from: SECOND,
    to: 1_100_000,
    noticed: SECOND,
    prev: seqOf(first.hold.epoch, 36),
  })
  expect(last).toMatchObject({ from: 1_300_000, noticed: 3 * SECOND })
  for (const us of [500_000, 600_001, 705_500, SECOND - 1]) {
    expect(await bookAt(A, us)).toEqual(madeBy(first, A, us))
    expect(await bookAt(B, us)).toEqual(madeBy(first, B, us))
  }
  expect(await bookAt(A, 1_050_000)).toBe('gap')
  expect(await bookAt(A, 1_250_000)).toEqual(madeBy(second, A, 1_250_000))
  expect(await gaps(B)).toMatchObject([{ from: SECOND, to: null, noticed: SECOND }, {}])
  expect(await trades()).toHaveLength(2)
  expect(spooled.spool.status().bytes).toBe(0)
})

test('a leftover that proves less than the takeover knew leaves the gap as it is', async () => {
  const [mineOf, other] = [await newSpool(), await newSpool()]
  const first = await mineOf.start(0)
  first.snapshot(A, 1000, [])
  first.mark(500_000)
  await mineOf.spool.flush()
  await first.store()
  first.mark(500_200, 300_000)
  await mineOf.spool.flush()
  await other.start(SECOND)
  await mineOf.crash()
  const before = await gaps(A)
  expect(before).toMatchObject([{ from: 500_000 }])
  await mineOf.start(2 * SECOND)
  expect((await gaps(A)).slice(0, 1)).toEqual(before)
})

test('a collector that heard nothing as it was taken over, and noticed only later, vouches until it last heard', async () => {
  const [mineOf, other] = [await newSpool(), await newSpool()]
  const first = await mineOf.start(0)
  for (const market of [A, B]) first.snapshot(market, 1000, [])
  first.mark(10_000)
  await mineOf.spool.flush()
  while (await first.store());
  deltas(first, A, 100)
  first.mark(600_000)
  await other.start(SECOND)
  for (const market of [A, B]) first.gap(market, 1_500_000, 700_000)
  first.snapshot(A, 1_600_000, [])
  first.snapshot(B, 1_600_000, [])
  first.mark(1_700_000)
  await mineOf.crash()
  await mineOf.start(2 * SECOND)
  expect(mine(await rows(A), first)).toHaveLength(11)
  for (const market of [A, B]) {
    expect((await gaps(market))[0]).toMatchObject({ from: 700_000, noticed: SECOND })
    expect(await bookAt(market, 650_000)).toEqual(madeBy(first, market, 650_000))
    expect(await bookAt(market, 800_000)).toBe('gap')
  }
})

test('a gap that the leftover itself holds ends where it ended, at the latest with the gap of the takeover', async () => {
  for (const batch of [1, 5000]) {
    await store.clear()
    const [mineOf, other] = [await newSpool({ fileBytes: 1 }), await newSpool()]
    const first = await mineOf.start(0)
    for (const market of [A, B, C]) first.snapshot(market, 1000, [[20_000, 500]])
    await mineOf.spool.flush()
    while (await first.store());
    for (const market of [A, B, C]) {
      first.gap(market, 300_000, 250_000)
      await mineOf.spool.flush()
    }
    first.snapshot(B, 400_000, [[10_000, 9]])
    first.mark(500_000)
    const second = await other.start(SECOND)
    second.snapshot(A, 1_200_000, [[30_000, 7]])
    second.snapshot(B, 1_200_000, [[30_000, 7]])
    while (await other.spool.flush().then(() => second.store()));
    await mineOf.crash()
    await mineOf.start(2 * SECOND, batch)
    expect(await gaps(A)).toMatchObject([
      { cause: 'cut', from: 250_000, to: 1_200_000 },
      { cause: 'epoch', from: 500_000, to: 1_200_000 },
      { cause: 'epoch', to: null },
    ])
    expect(await gaps(B)).toMatchObject([
      { cause: 'cut', from: 250_000, to: 400_000 },
      { cause: 'epoch', from: 500_000, to: 1_200_000 },
      {},
    ])
    expect((await gaps(C)).map(({ to }) => to)).toEqual([null, null, null])
    expect(await bookAt(B, 450_000)).toEqual(new Map([['yes 10000', 9]]))
    expect(await bookAt(A, 450_000)).toBe('gap')
  }
})

test('a market whose leftover does not follow the stored log is left alone and counted; the gaps of quiet ones stay', async () => {
  const { mine: spooled, first, second } = await takenOver()
  // The store was put back to an older state: what had been drained last is not there any more.
  const lost = seqOf(first.hold.epoch, 5)
  await store.owner`
    delete from kb.book_deltas d where seq > ${lost} and seq < ${firstOf(second)}
      and market_id = (select id from kb.markets where ticker = ${A})`
  await store.owner`update kb.book_gaps set prev_seq = ${lost} where market_id = ${await idOf(A)}`
  const before = [await gaps(A), await gaps(B), await rows(A)]
  const third = await spooled.start(3 * SECOND)
  expect(third.drained).toMatchObject([
    { known: true, records: 0, refused: 26, holes: 1, through: null },
  ])
  const [gapsA, gapsB] = [await gaps(A), await gaps(B)]
  expect([gapsA.slice(0, 1), gapsB.slice(0, 1)]).toEqual(before.slice(0, 2))
  expect(mine(await rows(A), first)).toHaveLength(6)
  expect(await trades()).toHaveLength(2)
})

test('after a restore within an epoch nobody took over, what follows goes in and quiet markets are not vouched for', async () => {
  const { spool, start, crash } = await newSpool()
  const first = await start(0)
  for (const market of [A, B, C]) first.snapshot(market, 1000, [])
  await spool.flush()
  while (await first.store());
  deltas(first, A, 2)
  first.delta(B, 5000, 20_000, 100)
  first.mark(20_000)
  await spool.flush()
  while (await first.store());
  deltas(first, A, 30)
  deltas(first, C, 30)
  first.mark(60_000)
  await spool.flush()
  await store.owner`
    delete from kb.book_deltas where recv_us > ${at(1000)} and recv_us < ${at(20_000)}`
  await store.owner`
    update kb.epochs set recorded_through_us = opened_us where epoch = ${first.hold.epoch}`
  await store.owner`delete from kb.proof_of_life`
  await crash()
  const second = await start(SECOND)
  expect(second.drained).toMatchObject([{ records: 10, refused: 10, holes: 1, through: null }])
  // B changed at 5000, which the store does not know any more: it must not say that it does.
  expect(await gaps(B)).toMatchObject([{ from: 999 }])
  expect(await gaps(A)).toMatchObject([{ from: 999 }])
  expect(await gaps(C)).toMatchObject([{ from: 38_999 }])
  expect(await bookAt(B, 10_000)).toBe('gap')
})

test('a market that the later epoch knows without a gap was new there, and takes nothing', async () => {
  const [mineOf, other] = [await newSpool(), await newSpool()]
  const first = await mineOf.start(0)
  first.snapshot(A, 1000, [[20_000, 500]])
  deltas(first, A, 2)
  first.trade(A, 3000)
  first.snapshot(C, 1000, [])
  first.mark(500_000)
  const second = await other.start(SECOND)
  second.snapshot(A, 1_200_000, [[30_000, 7]])
  await other.spool.flush()
  while (await second.store());
  await mineOf.crash()
  await mineOf.start(2 * SECOND)
  expect(mine(await rows(A), first)).toEqual([])
  // Nobody says what became of C after the takeover, so that nothing before it may stand as if it had gone on.
  expect(await rows(C)).toEqual([])
  expect(await bookAt(A, 500_000)).toBe('none')
  expect(await trades()).toHaveLength(1)
})

test('a store restored from before the epoch takes nothing of it but what tells no book, and says so', async () => {
  const { start, crash } = await newSpool()
  const first = await start(0)
  first.snapshot(A, 1000, [])
  deltas(first, A, 2)
  first.trade(A, 3000)
  first.append({ kind: 'quote', quote: minuteOf(A) }, changeOf(A))
  first.mark(60_000)
  await crash()
  await store.clear()
  const second = await start(SECOND)
  const { epoch } = first.hold
  expect(second.drained).toEqual([
    { epoch, known: false, records: 0, refused: 11, holes: 1, through: null },
  ])
  expect(await rows(A)).toEqual([])
  expect(await gaps(A)).toEqual([])
  expect(await trades()).toHaveLength(1)
  const [count] = await store.owner`
    select (select count(*)::int from kb.candle_quotes) as quotes,
      (select count(*)::int from kb.lifecycle) as changes`
  expect(count).toMatchObject({ quotes: 1, changes: 1 })
})

function minuteOf(market: Ticker) {
  const bid = [420_000 as Price, 100 as Size] as const
  return { market, start: at(0), bid, ask: null, openInterest: null, gapUs: 0 }
}

function changeOf(market: Ticker): Entry {
  const [when, source] = [at(2000), 'stream'] as const
  const change = {
    market,
    event: null,
    kind: 'activated',
    at: when,
    recv: when,
    detail: {},
    source,
  }
  return { kind: 'change', change } as Entry
}

test('after a spoilt block nothing follows, but what was before it counts, and trades count in any case', async () => {
  const { mine: spooled, first } = await takenOver({ fileBytes: 1 })
  const files = await spoolFiles(spooled.folder)
  await spooled.spool.close()
  // The first two of those that are left hold the records up to the mark at 600 ms.
  const spoilt = files[2] ?? ''
  const file = await openFile(join(spooled.folder, spoilt), 'r+')
  await file.write(Buffer.alloc(4, 0xff), 0, 4, 20)
  await file.close()
  await spooled.crash()
  const third = await spooled.start(3 * SECOND)
  expect(third.drained).toMatchObject([{ holes: 0, records: 10, through: at(600_000) }])
  expect(third.drained[0]?.refused).toBeGreaterThan(0)
  const [gap] = await gaps(A)
  expect(gap).toMatchObject({ from: 590_000, to: 1_100_000, prev: seqOf(first.hold.epoch, 20) })
  expect(await bookAt(A, 580_000)).toEqual(madeBy(first, A, 580_000))
  expect(await bookAt(A, 800_000)).toBe('gap')
  expect(await trades()).toHaveLength(2)
})

/** All that a drain may change. */
async function dump(): Promise<unknown> {
  const [deltasOf, gapsOf, epochs, lives, tradesOf] = await Promise.all([
    store.owner`select * from kb.book_deltas order by market_id, seq`,
    store.owner`select * from kb.book_gaps order by market_id, seq`,
    store.owner`select epoch, opened_us, recorded_through_us from kb.epochs order by epoch`,
    store.owner`select * from kb.proof_of_life order by epoch, connection`,
    store.owner`select * from kb.trades order by event_us`,
  ])
  return JSON.parse(JSON.stringify([deltasOf, gapsOf, epochs, lives, tradesOf]))
}

test('a crash at any transaction of the drain, or while it reads, leaves what the next drain makes of it', async () => {
  const { mine: whole } = await takenOver({ fileBytes: 1 })
  await drain(store, await take(store.collector), whole.spool, 3 * SECOND, 1)
  const expected = await dump()
  for (let nth = 1; nth <= 40; nth++) {
    await store.clear()
    const { mine: broken } = await takenOver({ fileBytes: 1 })
    const sql = failing(store.collector, nth, 'CONNECTION_CLOSED', nth % 2 === 0)
    const given = { sql, hold: await take(store.collector), ids: new MarketIds(sql), batch: 1 }
    const { spool } = broken
    const clock = () => at(3 * SECOND)
    const first = drainLeftover({ ...given, spool, clock, refused: () => {} })
    const failed = await first.then(
      () => false,
      () => true,
    )
    await drain(store, await take(store.collector), spool, 3 * SECOND, 2)
    expect(await dump()).toEqual(expected)
    if (!failed) {
      expect(nth).toBeGreaterThan(5)
      return
    }
  }
  throw new Error('it never ended')
})

test('whoever lost the lease stores nothing, and keeps what it has', async () => {
  const { mine: spooled, first } = await takenOver()
  const lost = await take(store.collector)
  await take(store.collector)
  const sql = store.collector
  const given = { sql, hold: lost, ids: new MarketIds(sql), clock: () => at(3 * SECOND) }
  const { spool } = spooled
  expect(await drainLeftover({ ...given, spool, refused: () => {} })).toBe('lease_lost')
  expect(mine(await rows(A), first)).toHaveLength(11)
  expect(spool.status().bytes).toBeGreaterThan(0)
})

test('a record that the table refuses costs no other, and leaves a gap', async () => {
  const { start, crash } = await newSpool()
  const first = await start(0)
  first.snapshot(A, 1000, [])
  first.snapshot(B, 1000, [])
  deltas(first, A, 2, 3)
  first.delta(A, 10_000, 20_000, 777_700)
  deltas(first, A, 11, 3)
  deltas(first, B, 11)
  first.mark(60_000)
  await crash()
  await store.owner`alter table kb.book_deltas add constraint odd check (change <> 777700) not valid`
  onTestFinished(async () => {
    await store.owner`alter table kb.book_deltas drop constraint odd`
  })
  const second = await start(SECOND)
  const { epoch } = first.hold
  expect(mine(await rows(A), first).map(({ seq, kind }) => [numberOf(seq), kind])).toEqual([
    [0, 0],
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 2],
  ])
  expect(mine(await rows(B), first)).toHaveLength(11)
  expect(await gaps(A)).toMatchObject([
    { cause: 'malformed', from: 9999, to: null },
    { cause: 'epoch', seq: firstOf(second) },
  ])
  expect(await watermark(epoch)).toBe(60_000)
  expect(await bookAt(A, 20_000)).toBe('gap')
})

test('after a power loss a spool may hold the end of an epoch that was stored, and then the next', async () => {
  const { spool, start } = await newSpool()
  const first = await start(0)
  first.snapshot(A, 1000, [[20_000, 500]])
  first.mark(10_000)
  await spool.flush()
  const batch = await spool.read(1000)
  const told = [...(batch?.entries ?? [])]
  spool.rewind()
  while (await first.store());
  const second = await start(SECOND)
  second.snapshot(A, SECOND + 1000, [[30_000, 7]])
  deltas(second, A, 1100)
  second.mark(SECOND + 200_000)
  await spool.flush()
  const rest = await spool.read(1000)
  const again = await newSpool()
  again.spool.append([...told, ...(rest?.entries ?? [])])
  await again.crash()
  const third = await again.start(2 * SECOND)
  expect(third.drained).toMatchObject([
    { epoch: first.hold.epoch, records: 0, refused: 0, holes: 0 },
    { epoch: second.hold.epoch, records: 11, refused: 0, holes: 0 },
  ])
  expect(await gaps(A)).toMatchObject([
    { from: 10_000, to: SECOND + 1000, noticed: SECOND },
    { from: SECOND + 200_000, to: null, noticed: 2 * SECOND },
  ])
  expect(await bookAt(A, SECOND + 150_000)).toEqual(madeBy(second, A, SECOND + 150_000))
})

async function seal({ hold }: SpooledCollector): Promise<void> {
  expect(await new SealRecovery({ sql: store.collector, hold }).run()).toBe('recovered')
}

test.each([0, 13.5 * 3600 * SECOND - 500_000])(
  'what is filled in is read as the plain fold, before it is sealed and after, with the hours around it dropped (%i)',
  async (shift) => {
    // The second time midnight falls into the leftover.
    await makePartitions(store.collector, at(shift))
    const [mineOf, other] = [await newSpool(), await newSpool()]
    const first = await mineOf.start(shift)
    first.snapshot(A, shift + 1000, [[20_000, 500]])
    deltas(first, A, shift / 1000 + 2)
    first.mark(shift + 20_000)
    await mineOf.spool.flush()
    while (await first.store());
    for (let ms = 100; ms < 900; ms += 50) deltas(first, A, shift / 1000 + ms, 20)
    first.mark(shift + 950_000)
    const second = await other.start(shift + SECOND)
    second.snapshot(A, shift + 1_100_000, [[30_000, 7]])
    deltas(second, A, shift / 1000 + 1200)
    second.mark(shift + 1_300_000)
    await other.spool.flush()
    while (await second.store());
    const third = await other.start(shift + 2 * DAY)
    await seal(third)
    const id = await idOf(A)
    await dropHot(store.owner, id, seqOf(second.hold.epoch, 11))
    await mineOf.crash()
    const fourth = await mineOf.start(shift + 2 * DAY + SECOND)
    expect(fourth.drained).toMatchObject([{ records: 320, refused: 0, holes: 0 }])
    const made = [first, second].flatMap(({ records }) => records.map(({ record }) => record))
    const told = (records: readonly BookRecord[]) =>
      records.filter(({ seq }) => seq < firstOf(third)).map(({ seq }) => seq)
    const check = async () => {
      const all = made.map(({ recv }) => recv - NOW).filter((us) => us < shift + 950_000)
      const moments = all.filter((_, i) => i % 4 === 0)
      for (const us of [...moments, shift + 940_000]) {
        expect(await bookAt(A, us)).toEqual(madeBy(first, A, us))
      }
      expect(await bookAt(A, shift + 1_050_000)).toBe('gap')
      const last = shift + 1_209_000
      expect(await bookAt(A, last)).toEqual(madeBy(second, A, last))
      const { records } = await listRecords(store.reader, id, { limit: 10_000 })
      expect(told(records)).toEqual(made.map(({ seq }) => seq))
    }
    await check()
    await seal(fourth)
    const [unsealed] = await store.owner`
      select count(*)::int as hot from kb.book_deltas d where seq < ${firstOf(third)}
        and not exists (select from kb.book_segments s where s.market_id = d.market_id
          and s.first_seq <= d.seq and s.last_seq >= d.seq)`
    expect(unsealed).toEqual({ hot: 0 })
    await check()
    await dropHot(store.owner, id, seqOf(second.hold.epoch, 11))
    await check()
  },
)
