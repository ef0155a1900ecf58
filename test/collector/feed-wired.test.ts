import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../until.ts'
import { openRig, type Rig } from './rig.ts'
import { type ScriptedShard, startShard } from './scripted-shard.ts'

let shard: ScriptedShard
let rig: Rig
let market: string

beforeAll(async () => {
  shard = await startShard()
  rig = await openRig({}, { FEED_URL: shard.url, REST_LAG_MS: '50', TRADES_AGAIN_MS: '100' })
  market = rig.exchange.tickers()[0] ?? ''
  shard.watched = rig.exchange.tickers()
  const collector = await rig.start()
  await until('the books are known and watched', () => {
    return collector.status().known === 12 && collector.status().watched === 12
  })
})
afterAll(async () => {
  await rig.stop()
  await shard.stop()
})

test('trades of watched markets come as they are made', async () => {
  await shard.item('a trade', ({ trades }) => trades?.[0]?.source === 'stream')
})

test('a cut of the exchange is a hole in the trades until it is back, and what was missed is a refill', async () => {
  await until('the first hole is over', () => shard.holes().at(-1)?.to_us !== null)
  const before = shard.holes().length
  rig.exchange.cut()
  await until('a hole and its end', () => shard.holes().length === before + 2)
  const [open, closed] = shard.holes().slice(before)
  expect(open?.to_us).toBeNull()
  expect(closed?.from_us).toBe(open?.from_us)
  expect(closed?.to_us).toBeGreaterThan(Number(open?.from_us))
  await shard.item('a refill', ({ trades }) => trades?.[0]?.source === 'refill')
})

test('a market that is determined and settled is told so, with its result, and listed anew', async () => {
  rig.exchange.life.close(market)
  rig.exchange.life.determine(market, 'yes')
  await shard.item(
    'its result',
    ({ m, status }) => m === market && status?.market_status === 'determined',
  )
  const told = shard.items(market).findLast(({ status }) => status !== undefined)
  expect(told?.status).toMatchObject({ result: 'yes', settlement_value: '1.0000' })
  rig.exchange.life.settle(market)
  const listed = () => shard.listings().findLast(({ m }) => m === market)
  await until('its listing', () => listed()?.status === 'finalized')
  const events = (
    await rig.owner`select event_ticker, series_ticker from kb.markets
    where ticker = ${market}`
  )[0]
  expect(listed()).toEqual({
    ...{ m: market, status: 'finalized' },
    ...{ event: events?.['event_ticker'], series: events?.['series_ticker'] },
  })
})

test('a market that is created is in the directory, with its event and series', async () => {
  const event = market.slice(0, market.lastIndexOf('-'))
  const ticker = `${event}-T1`
  const nowUs = Date.now() * 1000
  rig.exchange.life.create({
    ...{ ticker, id: '00000000-0000-4000-8000-000000000001', structure: 'linear_cent' },
    ...{ createdUs: nowUs, openUs: nowUs + 60_000_000, closeUs: nowUs + 3_600_000_000 },
  })
  await until('its listing', () => shard.listings().some(({ m }) => m === ticker))
  await until('its series', () =>
    shard.listings().some(({ m, series }) => m === ticker && series !== null),
  )
  expect(shard.listings().findLast(({ m }) => m === ticker)).toMatchObject({ event })
})
