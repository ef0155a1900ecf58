import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { KalshiRest } from '../../collector/kalshi-rest.ts'
import { setLogLevel } from '../../collector/log-event.ts'
import { Lookups } from '../../collector/lookups.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { must } from '../core/arbitraries.ts'
import { until } from '../until.ts'

let exchange: Exchange
let rest: KalshiRest
let lookups: Lookups
let found: string[]

beforeEach(async () => {
  setLogLevel('silent')
  exchange = await startExchange({ markets: 6, paused: true, lateMs: 400 })
  const { keyId, privateKeyPem: privateKey } = exchange
  rest = new KalshiRest(exchange.restUrl, { keyId, privateKey }, 10_000)
  found = []
  lookups = new Lookups({
    rest,
    clock: () => (Date.now() * 1000) as Micros,
    found: async (kind, objects) => {
      for (const object of objects) {
        const { ticker, event_ticker } = object as Record<string, string>
        found.push(`${kind} ${kind === 'event' ? event_ticker : ticker}`)
      }
    },
  })
})
afterEach(async () => {
  lookups.stop()
  rest.close()
  await exchange.close()
})

test('those wanted together are asked for together, each kind in its own way', async () => {
  const [a, b] = exchange.tickers() as [string, string]
  const event = a.slice(0, a.lastIndexOf('-'))
  for (const ticker of [a, b, a]) lookups.want('market', ticker)
  lookups.want('event', event)
  lookups.want('series', must(a.split('-')[0]))
  await until('all are found', () => lookups.depth === 0)
  expect(found.sort()).toEqual(
    [`event ${event}`, `market ${a}`, `market ${b}`, `series ${a.split('-')[0]}`].sort(),
  )
  expect(exchange.stats.rest).toBe(3)
})

test('what the exchange does not know yet is asked for again until it does', async () => {
  const now = Date.now() * 1000
  exchange.life.create({
    ticker: 'KXNEW-27JAN01-T1.5',
    id: '11111111-2222-4333-8444-555555555555',
    structure: 'linear_cent',
    createdUs: now,
    openUs: now,
    closeUs: now + 3_600_000_000,
  })
  lookups.want('market', 'KXNEW-27JAN01-T1.5')
  await until('it is found', () => found.length === 1)
  expect(exchange.stats.rest).toBeGreaterThan(1)
  expect(Date.now() * 1000 - now).toBeGreaterThan(400_000)
})

test('one that is wanted later is not asked for before, and not at all when it was seen since', async () => {
  const [a, b] = exchange.tickers() as [string, string]
  const began = Date.now()
  lookups.want('market', a, 300)
  lookups.want('market', b, 200)
  lookups.seen('market', a, (Date.now() * 1000) as Micros)
  expect(lookups.depth).toBe(2)
  lookups.seen('market', b, ((Date.now() + 250) * 1000) as Micros)
  expect(lookups.depth).toBe(1)
  await until('it is found', () => found.length === 1)
  expect(Date.now() - began).toBeGreaterThanOrEqual(300)
})

test('a REST that fails costs no lookup', async () => {
  const a = must(exchange.tickers()[0])
  exchange.restFail(2, 'cut')
  lookups.want('market', a)
  await until('it is found', () => found.length === 1)
})
