import { existsSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { startExchange } from '../../simulator/exchange.ts'
import { connect } from './connection.ts'

const SHARED = new URL('../../../shared', import.meta.url)
const SCHEMA = new URL('../../../shared/data/kalshi/ws-jsonschema-2026-10.json', import.meta.url)
const absent = !existsSync(SHARED)

if (absent) console.warn('skipped: ../shared with the schema of the exchange’s frames is absent')

test.skipIf(absent)('every frame of a lively run fits the exchange’s own schema', async () => {
  const { definitions } = JSON.parse(readFileSync(SCHEMA, 'utf8'))
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  const checks = new Map(
    Object.entries(definitions).map(([type, schema]) => [type, ajv.compile(schema as object)]),
  )
  const options = {
    markets: 80,
    lives: true,
    livesMs: 1,
    rate: 3000,
    combos: 3,
    scalars: 9,
    seed: 21,
  }
  const exchange = await startExchange({ ...options, paused: true })
  const client = await connect(exchange)
  const tickers = exchange.tickers()
  const channels = ['orderbook_delta', 'trade', 'ticker', 'market_lifecycle_v2']
  const [half, all] = [tickers.slice(40), [...tickers, 'KXNONE-1']]
  client.send({ id: 1, cmd: 'subscribe', params: { channels, market_tickers: half } })
  client.send({ id: 2, cmd: 'subscribe', params: { channels, market_tickers: all } })
  client.send({ cmd: 'subscribe', params: { channels: ['orderbook'] } })
  exchange.start()
  await client.next(({ msg }) => msg.event_type === 'settled')
  const update = { sids: [1], action: 'get_snapshot', market_tickers: half }
  client.send({ id: 3, cmd: 'update_subscription', params: update })
  client.send({ id: 4, cmd: 'update_subscription', params: { ...update, action: 'nonsense' } })
  await client.next(({ msg }) => msg.event_type === 'price_level_structure_updated')
  const [scalar = ''] = exchange.tickers()
  exchange.life.describe(scalar, { floorStrike: 1.5, capStrike: 2.5 })
  exchange.life.overrideFee(scalar.slice(0, scalar.lastIndexOf('-')), { type: null, multiplier: 2 })
  exchange.life.blockTrade(scalar, 500_000, 100_000, 'yes')
  exchange.overflow()
  client.send({ id: 5, cmd: 'unsubscribe', params: { sids: [2, 3, 4] } })
  client.send({ id: 6, cmd: 'list_subscriptions' })
  await client.next(({ id }) => id === 6)
  const problems = client.frames.flatMap((frame) => {
    const check = checks.get(frame.type)
    return check?.(frame) === true ? [] : [{ frame, errors: check?.errors }]
  })
  expect(problems.slice(0, 3)).toEqual([])
  const told = new Set(client.frames.map(({ msg }) => msg?.event_type))
  expect([...told]).toEqual(expect.arrayContaining(['metadata_updated', 'determined']))
  const types = new Set(client.frames.map((each) => each.type))
  const expected = ['subscribed', 'unsubscribed', 'ok', 'error', 'orderbook_snapshot']
  const more = ['orderbook_delta', 'trade', 'ticker', 'market_lifecycle_v2', 'event_lifecycle']
  more.push('event_fee_update')
  expect([...types].sort()).toEqual([...expected, ...more].sort())
  await exchange.close()
})
