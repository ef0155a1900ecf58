import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BboChange, bboOf } from '#core/bbo'
import { checksum, fullChecksum } from '#core/checksum'
import type { Gap, Ladders, Seq } from '#core/log'
import type { Price } from '#core/price'
import { Reader } from '#core/reader'
import type { ReplayMessage } from '#core/replay'
import type { Size } from '#core/size'
import { readLadder, readRecord, type WireRecord } from '#core/wire/record'
import { bboBatches, bboPosition } from '../../worker/bbo-batches.ts'
import { openReplay } from '../../worker/log-replay.ts'
import type { NamedMarket } from '../../worker/store/named-markets.ts'
import { must, ticker, us } from '../core/arbitraries.ts'
import type { PlainBook } from '../core/plain-book.ts'
import { gapsOf, happeningsWithEnds, type Written, write } from '../core/random-log.ts'
import { addMarket, openStore, type Store, take } from './fixture.ts'
import { runsOf, segmentsOf, storeHot, storeSegments } from './sealed-log.ts'

let store: Store
let markets = 0

beforeAll(async () => {
  store = await openStore()
})

afterAll(() => store.stop())

type Log = {
  readonly market: NamedMarket
  readonly written: readonly Written[]
  readonly gaps: readonly Gap[]
}

/** Stores a log, cut into segments at some places, its last run hot, with its gaps as they are known in the end. */
async function storeLog(written: readonly Written[], cuts: readonly number[]): Promise<Log> {
  markets += 1
  const name = ticker(`KXREPLAY-26NOV22-${String((markets * 7919) % 10_000).padStart(4, '0')}`)
  const hold = await take(store.collector)
  const id = await addMarket(store.collector, hold, name)
  const runs = runsOf(
    written.map(({ record }) => record),
    new Set(cuts),
  )
  const sealed = runs.slice(0, -1).map((records) => ({ records, sealed: true, late: false }))
  await storeSegments(store.owner, id, segmentsOf(sealed))
  await storeHot(store.owner, id, must(runs.at(-1)))
  const gaps = gapsOf(written)
  for (const { seq, cause, from, to, noticed, prevSeq } of gaps) {
    await store.owner`
      insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us, prev_seq)
      values (${id}, ${seq}, ${cause}, ${from}, ${to}, ${noticed}, ${prevSeq})`
  }
  return { market: { id, ticker: name, status: 'active' }, written, gaps }
}

async function setWatermark(through: number): Promise<void> {
  await store.owner`delete from kb.epochs`
  await store.owner`
    insert into kb.epochs (slice, epoch, lease, opened_us, recorded_through_us)
    values (0, 1, 'lease', 0, ${through})`
}

/** The book as it is known now to have been at an instant; null when it is not. */
function truthAt({ written, gaps }: Log, at: number): PlainBook | null {
  if (gaps.some(({ from, to }) => from < at && (to === null || at < to))) return null
  return written.findLast(({ record }) => record.recv <= at)?.truth ?? null
}

function plainOf({ yes, no }: Ladders): PlainBook {
  const side = (name: string, levels: Ladders['yes']) =>
    levels.map(([price, size]) => [`${name} ${price}`, size as number] as const)
  return new Map([...side('yes', yes), ...side('no', no)])
}

/** Reads a message by the reference reader, as a client of the stream does; what it says of the book must be so. */
function readMessage(reader: Reader, message: ReplayMessage): void {
  if (message.type === 'deltas') {
    const [from, to] = message.seq
    expect(to - from + 1).toBe(message.d.length)
    expect(message.d.length).toBeLessThanOrEqual(500)
    for (const [i, [side, price, change, size, event_us, recv_us]] of message.d.entries()) {
      const row = { type: 'delta', seq: from + i, side, price, change, size, event_us, recv_us }
      expect(reader.read(must(readRecord(row as WireRecord)))).toBe('taken')
    }
  } else if (message.type === 'snapshot' && message.image) {
    const { seq, yes, no, recv_us } = message
    const ladders = { yes: must(readLadder(yes)), no: must(readLadder(no)) }
    const image = {
      kind: 'image',
      seq: seq as Seq,
      recv: us(recv_us),
      event: null,
      ...ladders,
    } as const
    expect(reader.read(image)).toBe('taken')
  } else expect(reader.read(must(readRecord(message as WireRecord)))).toBe('taken')
  if (!('checksum' in message)) return
  const { state } = reader
  if (state.kind !== 'known') throw new Error(`${state.kind} at a checksum`)
  expect(checksum(state.book.ladders())).toBe(message.checksum)
  if ('full_checksum' in message) {
    expect(fullChecksum(state.book.ladders())).toBe(message.full_checksum)
  }
}

/** The moment of which a message tells the book. */
function momentOf(message: ReplayMessage): number {
  if (message.type === 'deltas') return must(message.d.at(-1))[5]
  return message.recv_us
}

const anyLogs = fc.array(fc.tuple(happeningsWithEnds, fc.array(fc.nat(60), { maxLength: 6 })), {
  minLength: 1,
  maxLength: 3,
})
/** Rows that are printed at once, at most. */
const anyPart = fc.integer({ min: 1, max: 9 })
const anySpan = fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: -1, max: 1 }))

test('a replay fed to the reference reader makes the books that are known now, and none inside a gap', async () => {
  const count = { checked: 0, hidden: 0, images: 0 }
  await fc.assert(
    fc.asyncProperty(anyLogs, anySpan, anyPart, async (all, [one, two, shift], part) => {
      const logs: Log[] = []
      for (const [happenings, cuts] of all) logs.push(await storeLog(write(happenings), cuts))
      const recvs = logs.flatMap(({ written }) => written.map(({ record }) => record.recv))
      const [a = 0, b = 0] = [one, two].map((pick) => must(recvs[pick % recvs.length]))
      const fromUs = us(Math.min(a, b) + shift)
      const toUs = us(Math.max(a, b) + 1 + Math.abs(shift))
      await setWatermark(Math.max(...recvs) + 100)
      const named = logs.map(({ market }) => market)
      const range = { markets: named, fromUs, toUs, order: 'asc', most: 7 } as const
      const { batches, ndjson } = await openReplay(store.reader, named, range, us(0))
      let text = ndjson.head
      for await (const { rows } of batches) {
        // What is paid for ends inside a batch, too: its rows are printed in parts.
        let at = 0
        do {
          text += ndjson.print(rows.slice(at, at + part))
          at += part
        } while (at < rows.length)
      }
      const messages = text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as ReplayMessage)
      for (const log of logs) {
        const reader = new Reader()
        for (const message of messages.filter(({ market }) => market === log.market.ticker)) {
          readMessage(reader, message)
          if (!('checksum' in message) || reader.state.kind !== 'known') continue
          const at = Math.max(
            momentOf(message),
            message.type === 'snapshot' && message.image ? fromUs : 0,
          )
          const seq = message.type === 'deltas' ? message.seq[1] : message.seq
          const by = must(log.written.find(({ record }) => record.seq === seq))
          expect(plainOf(reader.state.book.ladders())).toEqual(by.truth)
          expect(log.gaps.some(({ from, to }) => from < at && (to === null || at < to))).toBe(false)
          count.checked += 1
          if (message.type === 'snapshot' && message.image) count.images += 1
        }
        const { state } = reader
        const last = truthAt(log, toUs - 1)
        const book = state.kind === 'known' || state.kind === 'closed' ? state.book : null
        expect(book && plainOf(book.ladders())).toEqual(last)
        if (
          log.gaps.some(({ from, noticed }) => from < noticed && from < toUs && noticed > fromUs)
        ) {
          count.hidden += 1
        }
      }
    }),
    { numRuns: 60, endOnFailure: true },
  )
  for (const times of Object.values(count)) expect(times).toBeGreaterThan(0)
})

/** The bbo as it is known now to have been at an instant; null when it is not. */
function bboAt(log: Log, at: number) {
  const book = truthAt(log, at)
  if (book === null) return null
  const side = (name: 'yes' | 'no') =>
    [...book]
      .filter(([key]) => key.startsWith(`${name} `))
      .map(([key, size]) => [Number(key.slice(name.length + 1)) as Price, size as Size] as const)
      .sort((x, y) => y[0] - x[0])
  return bboOf({ yes: side('yes'), no: side('no') })
}

async function changesOf(log: Log, order: 'asc' | 'desc', limit: number): Promise<BboChange[]> {
  const found: BboChange[] = []
  let after: readonly string[] | undefined
  for (;;) {
    const range = { market: log.market, keptUs: us(0), order, most: limit + 1 } as const
    const page: Parameters<typeof bboPosition>[1][] = []
    let next: readonly string[] | null = null
    for await (const batch of bboBatches(store.reader, { ...range, after }, false)) {
      page.push(...batch.rows)
      next = batch.next
      if (page.length > limit) break
    }
    const shown = page.slice(0, limit)
    const last = shown.at(-1)
    found.push(...shown.map(({ by: _, ...change }) => change))
    if (page.length > limit && last !== undefined) after = bboPosition(order, last)
    else if (next !== null) after = next
    else return found
  }
}

test('the changes of the bbo are those of the books that are known now, page by page, either way', async () => {
  await fc.assert(
    fc.asyncProperty(
      happeningsWithEnds,
      fc.array(fc.nat(60), { maxLength: 6 }),
      fc.integer({ min: 1, max: 9 }),
      async (happenings, cuts, limit) => {
        const log = await storeLog(write(happenings), cuts)
        const recvs = log.written.map(({ record }) => record.recv)
        await setWatermark(Math.max(...recvs) + 100)
        const changes = await changesOf(log, 'asc', 1000)
        const edges = [...recvs, ...log.gaps.flatMap(({ from, to }) => [from, from + 1, to ?? 0])]
        for (const at of edges.flatMap((edge) => [edge - 1, edge, edge + 1])) {
          if (at < must(recvs[0]) || at > Math.max(...recvs) + 100) continue
          const last = changes.findLast(({ recv }) => recv <= at)
          const right = bboAt(log, at)
          expect(last?.known ?? false, `at ${at}`).toBe(right !== null)
          if (right !== null) expect({ bid: last?.bid, ask: last?.ask }).toEqual(right)
        }
        expect(await changesOf(log, 'asc', limit)).toEqual(changes)
        expect(await changesOf(log, 'desc', 1000)).toEqual(changes.toReversed())
        expect(await changesOf(log, 'desc', limit)).toEqual(changes.toReversed())
      },
    ),
    { numRuns: 60, endOnFailure: true },
  )
})
