import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { connect } from './connection.ts'
import { type Signing, signedHeaders } from './signing.ts'

let exchange: Exchange

beforeAll(async () => {
  exchange = await startExchange({ markets: 4, paused: true })
})
afterAll(() => exchange.close())

async function refused(headers: Record<string, string>, url = exchange.wsUrl) {
  const ws = new WebSocket(url, { headers })
  ws.on('error', () => {})
  const [, response]: [unknown, IncomingMessage] = (await once(ws, 'unexpected-response')) as never
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode, body: JSON.parse(body) }
}

test('a handshake that is truly signed is let in', async () => {
  const connection = await connect(exchange)
  await connection.settled()
  connection.ws.terminate()
})

test.each<[string, Signing, string]>([
  ['an unknown key', { keyId: '00000000-0000-4000-8000-000000000000' }, 'NOT_FOUND'],
  ['another path', { path: '/trade-api/ws/v1' }, 'INCORRECT_API_KEY_SIGNATURE'],
  ['no salt', { saltLength: 0 }, 'INCORRECT_API_KEY_SIGNATURE'],
  ['the longest salt', { saltLength: 222 }, 'INCORRECT_API_KEY_SIGNATURE'],
  ['an old time', { ageMs: 60_000 }, 'EXPIRED_TIMESTAMP'],
  ['a time to come', { ageMs: -60_000 }, 'EXPIRED_TIMESTAMP'],
])('a handshake signed with %s is refused', async (_, signing, details) => {
  const answer = await refused(signedHeaders(exchange, signing))
  expect(answer).toEqual({ status: 401, body: { code: 'authentication_error', details } })
})

test('a handshake without headers, or with a signature of nothing, is refused', async () => {
  expect(await refused({})).toMatchObject({ status: 401, body: { code: 'authentication_error' } })
  const forged = { ...signedHeaders(exchange), 'KALSHI-ACCESS-SIGNATURE': 'AAAA' }
  expect(await refused(forged)).toMatchObject({ status: 401 })
  const undated = { ...signedHeaders(exchange), 'KALSHI-ACCESS-TIMESTAMP': 'now' }
  expect(await refused(undated)).toMatchObject({ status: 401 })
})

test('a websocket anywhere else is not found', async () => {
  const url = exchange.wsUrl.replace('/ws/v2', '/ws/v3')
  expect(await refused(signedHeaders(exchange), url)).toMatchObject({ status: 404 })
})

test('REST is public unsigned, verified when signed, and order books in bulk must be signed', async () => {
  const status = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(`${exchange.restUrl}${path}`, { headers })).status
  const signed = (path: string) => signedHeaders(exchange, { path: `/trade-api/v2${path}` })
  const [ticker] = exchange.tickers()
  const bulk = `/markets/orderbooks?tickers=${ticker}`
  expect(await status('/markets')).toBe(200)
  expect(await status('/markets', signed('/markets'))).toBe(200)
  expect(await status('/markets', signed('/events'))).toBe(401)
  expect(await status(bulk)).toBe(401)
  // The query is not signed.
  expect(await status(bulk, signed('/markets/orderbooks'))).toBe(200)
})
