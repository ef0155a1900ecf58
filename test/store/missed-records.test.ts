import * as fc from 'fast-check'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checksum } from '#core/checksum'
import { type BookRecord, epochOf, type GapRecord } from '#core/log'
import { MOST_MISSED } from '#core/missed-run'
import { Reader } from '#core/reader'
import { foldRecords, readerAfter } from '#core/segment-fold'
import type { BookMessage } from '#core/wire/stream-message'
import { deltasMessage, endMessage, gapMessage, snapshotMessage } from '#core/wire/stream-message'
import { MissedRecords } from '../../worker/live/missed-records.ts'
import { must, price, seq, us } from '../core/arbitraries.ts'
import { happeningsWithEnds, type Written, write } from '../core/random-log.ts'
import { addMarket, at, open, openStore, type Store, take } from './fixture.ts'
import { type Run, runsOf, segmentsOf, storeHot, storeSegments } from './sealed-log.ts'

/** Longer than any machine stands still: what is there is found in far less. */
const PATIENCE_MS = 20_000

let store: Store
let markets = 0
/** How many connections are used at once, and were at most. */
let connections = { now: 0, most: 0 }
let missed: MissedRecords

beforeAll(async () => {
  store = await openStore()
  await open(store.collector, await take(store.collector), at(1e15))
  missed = new MissedRecords(connect, PATIENCE_MS)
})

afterAll(() => store.stop())

async function connect<Result>(run: (sql: Sql) => Promise<Result>): Promise<Result> {
  connections.now += 1
  connections.most = Math.max(connections.most, connections.now)
  try {
    return await run(store.reader)
  } finally {
    connections.now -= 1
  }
}

async function newMarket(): Promise<{ id: number; ticker: string }> {
  markets += 1
  const ticker = `KXMISSED-26NOV22-${markets}`
  return { id: await addMarket(store.collector, await take(store.collector), ticker), ticker }
}

const plan = fc.record({
  cuts: fc.array(fc.nat(60), { maxLength: 6 }),
  /** Of so many of the first runs the hot rows were dropped; so many more are sealed. */
  dropped: fc.nat(6),
  sealed: fc.nat(3),
})

function planned(records: readonly BookRecord[], { cuts, dropped, sealed }: PlanOf): StoredRun[] {
  return runsOf(records, new Set(cuts)).map((run, i) => {
    return { records: run, sealed: i < dropped + sealed, late: false, hot: i >= dropped }
  })
}
type PlanOf = { readonly [Key in 'cuts']: readonly number[] } & {
  readonly dropped: number
  readonly sealed: number
}
type StoredRun = Run & { readonly hot: boolean }

/** What a follower would have been told of records, one message for each. */
function toldOf(ticker: string, written: readonly Written[], after: number, until: number) {
  const before = written.map(({ record }) => record).filter((record) => record.seq <= after)
  const reader = readerAfter(foldRecords({ kind: 'new' }, before))
  const rest = written.filter(({ record }) => record.seq > after && record.seq <= until)
  return rest.map(({ record }) => {
    expect(reader.read(record)).toBe('taken')
    return messageOf(ticker, record, reader)
  })
}

function messageOf(ticker: string, record: BookRecord, { state }: Reader): BookMessage {
  switch (record.kind) {
    case 'delta': {
      const book = state.kind === 'known' ? state.book.ladders() : { yes: [], no: [] }
      return deltasMessage(ticker, [record], book, 5)
    }
    case 'snapshot':
      return snapshotMessage(ticker, record)
    case 'gap':
      return gapMessage(ticker, record)
    case 'end':
      return endMessage(ticker, record)
  }
}

/** Runs of deltas as one message each, so that it does not matter where they are cut. */
function joined(messages: readonly BookMessage[]): BookMessage[] {
  const all: BookMessage[] = []
  for (const message of messages) {
    const last = all.at(-1)
    if (last?.type !== 'deltas' || message.type !== 'deltas') all.push(message)
    else {
      const d = [...last.d, ...message.d] as typeof last.d
      all[all.length - 1] = { ...message, seq: [last.seq[0], message.seq[1]], d }
    }
  }
  return all
}

/** A log that began anew after its end has no gap that says what came before. */
function beganAnew(written: readonly Written[], after: number, until: number): boolean {
  return written.some(({ record }, i) => {
    const { seq } = record
    return (
      record.kind === 'snapshot' &&
      record.seq % 2 ** 32 === 0 &&
      i > 0 &&
      seq > after &&
      seq <= until
    )
  })
}

test('what was missed is told exactly as it was recorded, across epochs, however the logs are stored', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(happeningsWithEnds, plan, fc.nat(), fc.nat()), {
        minLength: 3,
        maxLength: 6,
      }),
      async (logs) => {
        const asked = []
        for (const [happenings, how, one, two] of logs) {
          const written = write(happenings)
          const { id, ticker } = await newMarket()
          const runs = planned(
            written.map(({ record }) => record),
            how,
          )
          await storeSegments(store.owner, id, segmentsOf(runs))
          for (const run of runs) if (run.hot) await storeHot(store.owner, id, run.records)
          const picked = [one, two].map((n) => must(written[n % written.length]).record.seq)
          asked.push({ written, ticker, after: Math.min(...picked), until: Math.max(...picked) })
        }
        const answers = await Promise.all(asked.map((each) => missed.read(each, 5)))
        for (const [i, { written, ticker, after, until }] of asked.entries()) {
          const answer = must(answers[i])
          if (beganAnew(written, after, until)) expect(answer).toEqual({ kind: 'miss' })
          else {
            const right = joined(toldOf(ticker, written, after, until))
            expect(answer).toEqual({ kind: 'found', messages: right })
          }
        }
      },
    ),
    { numRuns: 20, endOnFailure: true },
  )
})

/** A log of one snapshot and many deltas. */
function longLog(deltas: number): Written[] {
  const happenings = Array.from({ length: deltas }, (_, i) => ({
    kind: 'delta' as const,
    later: 1,
    side: 'yes' as const,
    price: price(10_000 * (1 + (i % 5))),
    change: 100 + i,
  }))
  return write([{ kind: 'snapshot', later: 0, ladders: { yes: [], no: [] } }, ...happenings])
}

async function stored(written: readonly Written[], count = written.length) {
  const market = await newMarket()
  const records = written.map(({ record }) => record)
  await storeHot(store.owner, market.id, records.slice(0, count))
  return { ...market, records }
}

test('records that are not stored yet are waited for, also when the last one that is known is not', async () => {
  const { id, ticker, records } = await stored(longLog(20), 5)
  const [after, until] = [must(records[8]).seq, must(records[20]).seq]
  const answer = missed.read({ ticker, after, until }, 5)
  await missed.read({ ticker, after: must(records[1]).seq, until: must(records[3]).seq }, 5)
  await storeHot(store.owner, id, records.slice(5, 12))
  await missed.read({ ticker, after: must(records[9]).seq, until: must(records[11]).seq }, 5)
  await storeHot(store.owner, id, records.slice(12))
  const { messages } = (await answer) as { messages: BookMessage[] }
  expect(messages).toMatchObject([{ type: 'deltas', seq: [after + 1, until] }])
})

test('what the store does not give in time is a miss', async () => {
  const { ticker, records } = await stored(longLog(5))
  const hasty = new MissedRecords(connect, 150)
  const last = must(records.at(-1)).seq
  expect(await hasty.read({ ticker, after: last - 2, until: last + 1 }, 5)).toEqual({
    kind: 'miss',
  })
  const away = new MissedRecords(() => Promise.reject(new Error('away')))
  expect(await away.read({ ticker, after: last - 2, until: last }, 5)).toEqual({ kind: 'miss' })
  const silent = new MissedRecords(() => new Promise(() => {}), 50)
  expect(await silent.read({ ticker, after: last - 2, until: last }, 5)).toEqual({ kind: 'miss' })
})

test('a market that does not exist is a miss, and a hole in the log at once', async () => {
  const { id, ticker, records } = await stored(longLog(9))
  const [after, until] = [must(records[2]).seq, must(records[9]).seq]
  await store.owner`delete from kb.book_deltas where market_id = ${id} and seq = ${after + 3}`
  const start = performance.now()
  expect(await missed.read({ ticker, after, until }, 5)).toEqual({ kind: 'miss' })
  expect(await missed.read({ ticker: 'NEVER', after, until }, 5)).toEqual({ kind: 'miss' })
  expect(performance.now() - start).toBeLessThan(PATIENCE_MS / 2)
})

test('who has more of a past epoch than was ever recorded is told of the gap', async () => {
  const { id, ticker, records } = await stored(longLog(4))
  const last = must(records.at(-1))
  const gap: GapRecord = {
    kind: 'gap',
    seq: seq((epochOf(last.seq) + 1) * 2 ** 32),
    cause: 'epoch',
    from: us(last.recv),
    recv: us(last.recv + 10),
    event: null,
    prevSeq: last.seq,
  }
  await storeHot(store.owner, id, [gap])
  const answer = await missed.read({ ticker, after: last.seq + 7, until: gap.seq }, 5)
  expect(answer).toEqual({ kind: 'found', messages: [gapMessage(ticker, gap)] })
})

test('a long run is told in messages of bounded length, each with the checksum of its book', async () => {
  const { ticker, records } = await stored(longLog(2300))
  const [first, last] = [must(records[0]).seq, must(records.at(-1)).seq]
  const answer = await missed.read({ ticker, after: first, until: last }, 5)
  const reader = new Reader()
  const messages = answer.kind === 'found' ? answer.messages : []
  expect(messages.length).toBeGreaterThan(4)
  for (const message of messages) {
    if (message.type !== 'deltas') throw new Error(message.type)
    expect(message.d.length).toBeLessThanOrEqual(500)
    for (const record of records) if (record.seq <= message.seq[1]) reader.read(record)
    expect(reader.state.kind === 'known' && checksum(reader.state.book.ladders())).toBe(
      message.checksum,
    )
  }
  expect(reader.seq).toBe(last)
})

test('more than ten thousand records are a miss', async () => {
  const { ticker, records } = await stored(longLog(3))
  const after = must(records[0]).seq
  const answer = missed.read({ ticker, after, until: after + MOST_MISSED + 1 }, 5)
  expect(await answer).toEqual({ kind: 'miss' })
})

test('hundreds of markets are read by two connections', async () => {
  const all = []
  for (let i = 0; i < 120; i += 1) all.push(await stored(longLog(4)))
  connections = { now: 0, most: 0 }
  const answers = await Promise.all(
    all.map(({ ticker, records }) => {
      const until = must(records[4]).seq
      return missed.read({ ticker, after: until - 3, until }, 5)
    }),
  )
  expect(answers.every(({ kind }) => kind === 'found')).toBe(true)
  expect(connections.most).toBe(2)
})
