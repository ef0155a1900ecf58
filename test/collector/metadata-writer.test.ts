import type { Sql } from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { setLogLevel } from '../../collector/log-event.ts'
import { type MetadataRow, MetadataWriter } from '../../collector/metadata-writer.ts'
import { connectStore } from '../../collector/store/connect.ts'
import { openRelay, type Relay } from '../relay.ts'
import { marketRow, openStore, type Store, take } from '../store/fixture.ts'
import { until } from '../until.ts'

let store: Store
let relay: Relay
let sql: Sql
let writer: MetadataWriter
let refused: string[]
let leaseLost: number
let offerAgain: number

beforeAll(async () => {
  setLogLevel('silent')
  store = await openStore()
  relay = await openRelay(store.collectorUrl)
  sql = connectStore(relay.url)
}, 60_000)
afterAll(async () => {
  await sql.end({ timeout: 1 })
  await relay.stop()
  await store.stop()
})
beforeEach(async () => {
  await store.clear()
  await store.owner`truncate kb.settlements`
  refused = []
  leaseLost = 0
  offerAgain = 0
  const hold = await take(store.collector)
  writer = new MetadataWriter({
    sql,
    hold,
    clock: () => (Date.now() * 1000) as Micros,
    bound: 2000,
    retryMs: 20,
    leaseLost: () => {
      leaseLost += 1
    },
    refused: ({ row }, code) => refused.push(`${row.ticker} ${code}`),
    offerAgain: () => {
      offerAgain += 1
    },
  })
})
afterEach(async () => {
  relay.mend()
  await writer.stop()
})

const market = (ticker: string, over = {}): MetadataRow => ({
  kind: 'market',
  row: marketRow(ticker, over),
})
const stored = async () =>
  (await store.owner`select ticker, title from kb.markets order by ticker`).map((row) =>
    Object.values(row).join(' '),
  )

test('while Postgres is away rows wait, the last word on each alone, and are stored when it is back', async () => {
  relay.cut()
  writer.offer(market('KXA', { title: 'first' }))
  writer.offer(market('KXB', { title: 'only' }))
  writer.offer(market('KXA', { title: 'last' }))
  expect(writer.depth).toBe(2)
  await writer.room()
  relay.mend()
  await writer.idle()
  expect(await stored()).toEqual(['KXA last', 'KXB only'])
})

test('a result of which nobody told is stored, though its market is offered again meanwhile', async () => {
  relay.cut()
  const result = { result: 'yes', settlement_value: '1.0000' }
  writer.offer(market('KXA', { ...result, untold: true }))
  writer.offer(market('KXA', { ...result, untold: false }))
  relay.mend()
  await writer.idle()
  const rows = await store.owner`select result from kb.settlements`
  expect(rows).toEqual([{ result: 'yes' }])
})

test('beyond the bound rows are left out, and are asked for again when Postgres is back', async () => {
  relay.cut()
  for (let i = 0; i < 2500; i += 1) writer.offer(market(`KX${i}`))
  expect(writer.depth).toBe(2000)
  relay.mend()
  await writer.idle()
  expect(offerAgain).toBe(1)
  for (let i = 0; i < 2500; i += 1) writer.offer(market(`KX${i}`))
  expect(writer.depth).toBe(500)
  await writer.idle()
  expect(await stored()).toHaveLength(2500)
})

test('whoever pages waits for room while Postgres takes rows, and not while it is away', async () => {
  for (let i = 0; i < 1900; i += 1) writer.offer(market(`KX${i}`))
  await writer.room()
  expect(writer.depth).toBeLessThanOrEqual(1000)
  await writer.idle()
  relay.cut()
  for (let i = 0; i < 1900; i += 1) writer.offer(market(`KX${i}`, { title: 'again' }))
  await writer.room()
  expect(writer.depth).toBe(1900)
})

test('invariant 7: a row that Postgres refuses is named once, and blocks no other', async () => {
  writer.offer(market('KXA'))
  writer.offer(market('KXB', { title: 'nul \0 byte' }))
  writer.offer(market('KXC'))
  await writer.idle()
  expect(refused).toEqual(['KXB 22P05'])
  expect(await stored()).toHaveLength(2)
  writer.offer(market('KXB', { title: 'nul \0 byte' }))
  expect(writer.depth).toBe(0)
})

test('what says nothing new is not written again, whatever was traded and whenever it was seen', async () => {
  writer.offer(market('KXA', { raw: { volume_fp: '1.00' }, seen_us: 1 as Micros }))
  await writer.idle()
  writer.offer(market('KXA', { raw: { volume_fp: '2.00' }, seen_us: 2 as Micros }))
  expect(writer.depth).toBe(0)
  writer.offer(market('KXA', { raw: { volume_fp: '2.00', rules: 'new' } }))
  expect(writer.depth).toBe(1)
  await writer.idle()
  writer.forget('KXA')
  writer.offer(market('KXA', { raw: { volume_fp: '2.00', rules: 'new' } }))
  expect(writer.depth).toBe(1)
})

test('when the lease is lost nothing more is written, and it is said once', async () => {
  await take(store.collector)
  writer.offer(market('KXA'))
  await until('it is said', () => leaseLost > 0)
  writer.offer(market('KXB'))
  await writer.idle()
  expect(leaseLost).toBe(1)
  expect(await stored()).toEqual([])
})
