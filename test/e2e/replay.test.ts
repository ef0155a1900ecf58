import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { sharedData, sharedPath } from '../shared-data.ts'
import { until } from '../until.ts'
import { type PlainBook, type PlainRecord, plainChecksums, plainFold } from './plain-fold.ts'
import { type RunningProduct, runProduct } from './running-product.ts'
import { Subscriber } from './subscriber.ts'

const FIXTURE = fileURLToPath(new URL('../fixtures/recording.jsonl', import.meta.url))
const REAL = sharedPath('data/kalshi/ws-orderbook-2026-08-07.jsonl')

type Event = { market: string; type: 'snapshot' | 'delta'; msg: Record<string, unknown> }
type BookAnswer = {
  data: {
    status: string
    seq: number
    checksum: number
    full_checksum: number
    event_ts: string | null
    proof: { opening_seq: number; deltas_applied: number }
  } & PlainBook
}

/** The recording's book events, per market and in order. */
function eventsOf(file: string): Map<string, Event[]> {
  const events = new Map<string, Event[]>()
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const { frame } = JSON.parse(line) as { frame: { type: string; msg: Record<string, unknown> } }
    const type = /^orderbook_(snapshot|delta)$/.exec(frame.type)?.[1] as Event['type'] | undefined
    if (type === undefined) continue
    const market = String(frame.msg['market_ticker'])
    events.set(market, [...(events.get(market) ?? []), { market, type, msg: frame.msg }])
  }
  return events
}

describe.each([
  { name: 'our own recording', file: FIXTURE, skip: false },
  { name: 'the production recording', file: REAL, skip: !sharedData },
])('replaying $name through the whole path', ({ file, skip }) => {
  let exchange: Exchange
  let product: RunningProduct
  const subscribers: Subscriber[] = []
  const logs = new Map<string, PlainRecord[]>()
  const events = skip ? new Map<string, Event[]>() : eventsOf(file)

  beforeAll(async () => {
    if (skip) return
    exchange = await startExchange({ replay: file, speed: 3, paused: true })
    product = await runProduct(exchange)
    for (const market of events.keys()) {
      const subscriber = new Subscriber(product.socketUrl, market, product.apiKey)
      subscribers.push(subscriber)
      await subscriber.subscribe()
    }
    await until('every subscriber has its first book', () =>
      subscribers.every(({ ready }) => ready),
    )
    exchange.start()
    await exchange.played()
    for (const [market, wanted] of events) {
      await until(`the store holds all of ${market}`, async () => {
        logs.set(market, await logOf(market))
        return (logs.get(market)?.length ?? 0) >= wanted.length
      })
    }
  })
  afterAll(async () => {
    for (const subscriber of subscribers) subscriber.close()
    await product?.stop()
    await exchange?.close()
  })

  const path = (market: string) => `/v1/markets/${encodeURIComponent(market)}`
  async function logOf(market: string): Promise<PlainRecord[]> {
    const answer = await product.get<{ data: PlainRecord[]; next_cursor: string | null }>(
      `${path(market)}/deltas?limit=10000`,
    )
    expect(answer.status).toBe(200)
    expect(answer.body.next_cursor).toBeNull()
    return answer.body.data
  }

  test.skipIf(skip)("record i of each market's log is event i of the file", () => {
    expect(events.size).toBeGreaterThan(4)
    for (const [market, wanted] of events) {
      const log = logs.get(market) ?? []
      expect(log.map((record) => told(record))).toEqual(wanted.map((event) => toldOf(event)))
      log.forEach((record, i) => {
        expect(record.seq).toBe((log[0]?.seq ?? 0) + i)
      })
    }
  })

  test.skipIf(skip)('the book now is the fold of all records, with right checksums', async () => {
    for (const [market, log] of logs) {
      const { status, body } = await product.getAgain<BookAnswer>(
        `${path(market)}/orderbook?view=native`,
      )
      const truth = plainFold(log)
      expect([status, body.data.status, body.data.seq]).toEqual([200, 'live', log.at(-1)?.seq])
      expect({ yes: body.data.yes, no: body.data.no }).toEqual(truth)
      expect(body.data).toMatchObject(plainChecksums(truth ?? { yes: [], no: [] }))
    }
  })

  test.skipIf(skip)(
    'the book as of every record is the fold of all that had come by then',
    async () => {
      for (const [market, log] of logs) {
        for (const { recv_us } of log) {
          const known = log.filter((record) => record.recv_us <= recv_us)
          const truth = plainFold(known)
          const { status, body } = await product.get<BookAnswer>(
            `${path(market)}/orderbook?view=native&at=${recv_us}`,
          )
          expect([status, body.data.status, body.data.seq]).toEqual([
            200,
            'as_of',
            known.at(-1)?.seq,
          ])
          expect({ yes: body.data.yes, no: body.data.no }).toEqual(truth)
          expect(body.data).toMatchObject(plainChecksums(truth ?? { yes: [], no: [] }))
        }
      }
    },
  )

  test.skipIf(skip)('the book at every seq is the fold up to it', async () => {
    const [market, log] = [...logs].sort((a, b) => b[1].length - a[1].length)[0] ?? ['', []]
    for (const [i, { seq }] of log.entries()) {
      const { body } = await product.get<BookAnswer>(
        `${path(market)}/orderbook?view=native&at_seq=${seq}`,
      )
      expect({ yes: body.data.yes, no: body.data.no }).toEqual(plainFold(log.slice(0, i + 1)))
    }
  })

  test.skipIf(skip)('a subscriber received exactly the same records, in order', async () => {
    for (const subscriber of subscribers) {
      const log = logs.get(subscriber.market) ?? []
      const first = subscriber.messages.find((message) => message.type === 'snapshot')
      expect(first).toMatchObject({ image: true, reason: 'initial', seq: log[0]?.seq })
      await until('the last record came', () => subscriber.records().length >= log.length - 1)
      const received = subscriber.records().map(withoutEnvelope)
      expect(received).toEqual(log.slice(1).map(withoutEnvelope))
    }
  })
})

/** What a record says, in the words of the exchange. */
function told(record: PlainRecord): unknown[] {
  return record.type === 'snapshot'
    ? ['snapshot', record.yes, record.no]
    : [record.type, record.side, record.price, record.change, record.event_us]
}

function toldOf({ type, msg }: Event): unknown[] {
  const ladder = (side: unknown) => [...((side ?? []) as [string, string][])].reverse()
  if (type === 'snapshot') {
    return ['snapshot', ladder(msg['yes_dollars_fp']), ladder(msg['no_dollars_fp'])]
  }
  const [seconds = '', fraction = ''] = String(msg['ts']).replace('Z', '').split('.')
  const event_us = Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0'))
  return ['delta', msg['side'], msg['price_dollars'], msg['delta_fp'], event_us]
}

function withoutEnvelope(record: PlainRecord): object {
  const { type, seq, recv_us, event_us, side, price, change, size, yes, no } = record
  return { type, seq, recv_us, event_us, side, price, change, size, yes, no }
}
