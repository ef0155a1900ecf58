import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Micros, printInstant } from '#core/instant'
import { type BookRecord, seqOf } from '#core/log'
import { readEventBooks, readPastBooks } from '../../worker/past-book.ts'
import { type Ask, askBy } from '../../worker/store/ask.ts'
import { at, NOW, openStore, type Store } from './fixture.ts'
import { storeSegments } from './sealed-log.ts'

const STYLE = { view: 'yes', depth: undefined } as const
const PAID = () => Promise.resolve(null)
const S = 1_000_000
const HOUR = 3600 * S
const DAY = 24 * HOUR
const FIRST = seqOf(1 as never, 0)

let store: Store
let asked = 0
let ask: Ask

beforeAll(async () => {
  store = await openStore()
  const plain = askBy(store.reader)
  ask = (question) => {
    asked += 1
    return plain(question)
  }
  await store.owner`
    insert into kb.markets (ticker, event_ticker, title, market_type, status, raw, first_seen_us, updated_us)
    select 'WIDE-26NOV22-' || to_char(n, 'FM000'), 'WIDE-26NOV22', 'A question', 'binary', 'active', '{}',
      ${NOW}, ${NOW}
    from generate_series(1, 250) n`
  await store.owner`
    insert into kb.book_deltas (market_id, seq, recv_us, kind, reason, ladders)
    select id, ${FIRST}, ${NOW}, 0, 'first', '420000:100|570000:' || id from kb.markets`
  await store.owner`insert into kb.log_begins select id, ${NOW} from kb.markets`
  await reach(at(100 * S))
})

afterAll(() => store.stop())

async function reach(throughUs: Micros): Promise<void> {
  await store.owner`delete from kb.epochs`
  await store.owner`
    insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
    values (0, 1, 'lease', 0, ${throughUs})`
}

const name = (n: number) => `WIDE-26NOV22-${String(n).padStart(3, '0')}`
const names = (count: number) => Array.from({ length: count }, (_, i) => name(i + 1))

/** How many statements a reading takes, and what it answers. */
async function count<Result>(
  read: () => Promise<Result>,
): Promise<{ statements: number; found: Result }> {
  asked = 0
  const found = await read()
  return { statements: asked, found }
}

test('one book or a hundred take one statement, and one more where the record holds none', async () => {
  for (const many of [1, 100]) {
    const read = (us: Micros) => () => readPastBooks(ask, names(many), { kind: 'at', us }, STYLE)
    const known = await count(read(at(S)))
    expect(known.statements).toBe(1)
    expect(known.found.map(({ market }) => market.ticker)).toEqual(names(many))
    expect(known.found.every(({ book }) => book.ok)).toBe(true)
    const early = await count(read(at(-S)))
    expect(early.statements).toBe(2)
    expect(early.found[0]?.book).toMatchObject({
      ok: false,
      error: { code: 'range_not_covered', covered: { from_ts: printInstant(NOW) } },
    })
  }
})

test('all books of an event take a statement for each hundred, and one for their names', async () => {
  const instant = { at: at(S), now: at(100 * S) }
  const { statements, found } = await count(() =>
    readEventBooks(ask, 'WIDE-26NOV22', instant, 500, STYLE, PAID),
  )
  expect(statements).toBe(4)
  if (found.kind !== 'books') throw new Error(found.kind)
  expect(found.outcomes.map(({ market }) => market.ticker)).toEqual(names(250))
  expect(found.outcomes.every(({ book }) => book.ok)).toBe(true)
  const fewer = await count(() => readEventBooks(ask, 'WIDE-26NOV22', instant, 249, STYLE, PAID))
  expect(fewer).toEqual({ statements: 1, found: { kind: 'too_many' } })
})

test('books beyond the watermark are read again once it has come, and waited for at most a second', async () => {
  const point = { kind: 'at', us: at(101 * S) } as const
  const late = await count(() => readPastBooks(ask, names(100), point, STYLE))
  // The first, a look every 50 ms, and what the record does hold.
  expect(late.statements).toBeGreaterThan(3)
  expect(late.statements).toBeLessThanOrEqual(24)
  expect(late.found[99]?.book).toMatchObject({ ok: false, error: { code: 'upstream_degraded' } })
  let looks = 0
  const moving: Ask = async (question) => {
    looks += 1
    if (looks === 2) await reach(at(101 * S))
    return ask(question)
  }
  const waited = await count(() => readPastBooks(moving, names(3), point, STYLE))
  expect(waited.statements).toBe(3)
  expect(waited.found.map(({ book }) => book.ok)).toEqual([true, true, true])
  await reach(at(100 * S))
})

test('a market with more unsealed rows than are read at once has no book, and spares the others', async () => {
  await store.owner`
    insert into kb.book_deltas (market_id, seq, recv_us, kind, side, price, change, size)
    select id, ${FIRST}::int8 + n, ${NOW}::int8 + n, 1, 0, 410000, 100, 100 * n
    from kb.markets, generate_series(1, 2000) n where ticker = ${name(7)}`
  const read = (tickers: readonly string[], us: Micros) =>
    readPastBooks(ask, tickers, { kind: 'at', us }, STYLE)
  const all = await read(names(100), at(S))
  expect(all.map(({ book }) => book.ok)).toEqual(names(100).map((ticker) => ticker !== name(7)))
  expect(all[6]?.book).toMatchObject({ error: { code: 'upstream_degraded' } })
  expect((await read(names(100), at(1999)))[6]?.book).toMatchObject({
    answer: { seq: FIRST + 1999, proof: { deltas_applied: 1999 } },
  })
  expect((await read([name(7)], at(S)))[0]?.book).toMatchObject({ answer: { seq: FIRST + 2000 } })
})

test('a past book touches one day of segments and the hours of its rows, each by its key', async () => {
  const day = Math.floor(NOW / DAY) * DAY
  await store.owner`select kb.make_segment_partitions(${day - 20 * DAY}, 40)`
  await store.owner`select kb.make_book_partitions(${NOW - 6 * HOUR}, 30)`
  const records: BookRecord[] = [
    { kind: 'snapshot', seq: FIRST, recv: NOW, event: null, reason: 'first', yes: [], no: [] },
  ]
  const id = Number(
    (await store.owner`select id from kb.markets where ticker = ${name(9)}`)[0]?.['id'],
  )
  await storeSegments(store.owner, id, [{ openUs: NOW, opening: { kind: 'new' }, records }])
  await store.owner`analyze kb.book_segments, kb.book_deltas, kb.markets`
  const touched = await store.reader.begin(async (sql) => {
    // The plan that is made once is made for whoever came first: another market, at another time.
    await sql`select kb.past_books('{${sql.unsafe(name(3))}}', ${at(-3 * DAY)}, null, 2000)`
    const scans = () => sql`
      select relname, seq_scan::int, idx_scan::int from pg_stat_xact_user_tables
      where relname ~ '^book_(segments|deltas)' and seq_scan + idx_scan > 0 order by 1`
    const before = new Map(
      (await scans()).map((row) => [row['relname'], row['idx_scan'] as number]),
    )
    const [row] =
      await sql`select * from kb.past_books('{${sql.unsafe(name(9))}}', ${at(S)}, null, 2000)`
    expect(row).toMatchObject({ ticker: name(9), segment_seq: String(FIRST), hot_rows: '0' })
    const after = await scans()
    expect(after.every((each) => each['seq_scan'] === 0)).toBe(true)
    return after
      .filter((each) => each['idx_scan'] !== (before.get(each['relname']) ?? 0))
      .map((each) => each['relname'])
  })
  expect(touched).toEqual(['book_deltas_20261122t10', 'book_segments_20261122'])
})

test('nothing is told of a time whose segments or gaps are no longer kept', async () => {
  const floor = at(50 * S)
  for (const kind of ['segments', 'gaps']) {
    const [before] = await store.owner`select kept_from_us from kb.retention where kind = ${kind}`
    await store.owner`
      insert into kb.retention values (${kind}, ${floor})
      on conflict (kind) do update set kept_from_us = excluded.kept_from_us`
    const read = (us: Micros) => readPastBooks(ask, names(1), { kind: 'at', us }, STYLE)
    const [gone] = await read((floor - 1) as Micros)
    expect(gone?.book).toMatchObject({ ok: false, error: { code: 'range_not_covered' } })
    const [kept] = await read(floor)
    expect(kept?.book.ok).toBe(true)
    await store.owner`delete from kb.retention where kind = ${kind}`
    if (before !== undefined)
      await store.owner`insert into kb.retention ${store.owner({ kind, ...before })}`
  }
})
