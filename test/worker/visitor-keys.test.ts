import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { AccountLimits } from '#core/account-word'
import { ALL_VISITORS, visitorsOf } from '#core/visitor-standing'
import { accountStub } from '../../worker/account/account-stub.ts'
import { makeApp } from '../../worker/app.ts'
import { readPageKey } from '../../worker/keys/page-key.ts'
import { makeVisitorKey, readVisitorKey, visitorPrefix } from '../../worker/keys/visitor-key.ts'
import { type Answer, call, errorOf } from './api.ts'
import { now } from './key-accounts.ts'
import { openSocket } from './socket.ts'
import { asOwner, setWatermark, storeMarket } from './store.ts'
import { openTicket, PAGE } from './upgrade.ts'

const SHOWN = 'KXVISIT-26NOV22-T1'
const BUSIER = 'KXVISIT-26NOV22-T2'
const OVER = 'KXVISIT-26NOV22-T3'
const HIDDEN = 'KXHIDDEN-26NOV22-T1'
const HOUR = 3_600_000_000

let prefixes = 0
/** An address of a network that nobody has called from. */
const newAddress = () => `203.${Math.floor(prefixes++ / 256)}.${prefixes % 256}.7`

beforeAll(async () => {
  const ids = [await storeMarket(SHOWN), await storeMarket(BUSIER), await storeMarket(HIDDEN)]
  const over = await storeMarket(OVER, 'finalized')
  const sizes = [4e12, 5e12, 0, 6e12]
  await asOwner(async (sql) => {
    for (const [i, id] of [...ids, over].entries()) {
      if (sizes[i] === 0) continue
      await sql`
        insert into kb.trades (market_id, event_us, recv_us, trade_id, price, size, taker, block, source)
        values (${id}, ${now() - HOUR}, 1, ${`visit-${id}`}, 420000, ${sizes[i] ?? 0}, 0, false, 0)`
    }
  })
  await setWatermark(now())
})

// The files after this one count what they find.
afterAll(async () => {
  await asOwner(async (sql) => {
    await sql`delete from kb.trades where trade_id like 'visit-%'`
    await sql`delete from kb.markets where ticker in (${SHOWN}, ${BUSIER}, ${OVER}, ${HIDDEN})`
  })
})

const ask = (address: string) => call('/visitor-keys', { 'CF-Connecting-IP': address }, 'POST')

async function keyOf(address: string): Promise<string> {
  const answer = await ask(address)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  return (answer.body['data'] as { key: string }).key
}

const callAs = (path: string, key: string, address: string, more = {}): Promise<Answer> =>
  call(path, { 'X-API-Key': key, 'CF-Connecting-IP': address, ...more })

test('anybody gets a key of ten minutes, and is told what it shows', async () => {
  const answer = await ask(newAddress())
  expect(answer.status).toBe(200)
  expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
  const data = answer.body['data'] as { key: string; expires_ts: string; markets: string[] }
  expect(data.key).toMatch(/^kb_test_/)
  const life = Date.parse(data.expires_ts) - Date.now()
  expect(life).toBeGreaterThan(590_000)
  expect(life).toBeLessThanOrEqual(600_000)
  expect(data.markets.slice(0, 2)).toEqual([BUSIER, SHOWN])
  expect(data.markets).not.toContain(OVER)
})

test('a visitor reads what is shown, and nothing else', async () => {
  const address = newAddress()
  const key = await keyOf(address)
  const shown = await callAs(`/v1/markets/${SHOWN}/trades`, key, address)
  expect(shown, JSON.stringify(shown.body)).toMatchObject({ status: 200 })
  expect(shown.body['data']).toHaveLength(1)
  for (const path of [
    `/v1/markets/${HIDDEN}`,
    '/v1/markets',
    `/v1/orderbooks?tickers=${SHOWN},${HIDDEN}`,
  ]) {
    expect(errorOf(await callAs(path, key, address)).code, path).toBe('forbidden')
  }
})

test('a visitor reads the last day, by an instant as well as by none', async () => {
  const address = newAddress()
  const key = await keyOf(address)
  const trades = `/v1/markets/${SHOWN}/trades`
  const old = await callAs(`${trades}?from=${now() - 25 * HOUR}`, key, address)
  expect(errorOf(old)).toMatchObject({ code: 'forbidden', param: 'from' })
  expect((await callAs(`${trades}?from=${now() - 23 * HOUR}`, key, address)).status).toBe(200)
  const many = await callAs(`${trades}?limit=1001`, key, address)
  expect(errorOf(many)).toMatchObject({ code: 'forbidden', param: 'limit' })
  const streamed = await callAs(trades, key, address, { Accept: 'application/x-ndjson' })
  expect(errorOf(streamed)).toMatchObject({ code: 'forbidden', param: 'limit' })
})

test('a forged key, one of another network, and one that has ended open nothing', async () => {
  const address = newAddress()
  const key = await keyOf(address)
  const path = `/v1/markets/${SHOWN}`
  expect((await callAs(path, key, address)).status).toBe(200)
  const neighbour = address.replace(/\d+$/, '250')
  expect((await callAs(path, key, neighbour)).status).toBe(200)
  const last = key.endsWith('A') ? 'B' : 'A'
  for (const [text, from] of [
    [key, newAddress()],
    [`${key.slice(0, -10)}${last.repeat(10)}`, address],
    [key.replace('kb_test_', 'kb_page_'), address],
    ['kb_test_', address],
    [`kb_test_1zzzzzz_${'0'.repeat(16)}_${'0'.repeat(43)}`, address],
  ] as const) {
    expect(errorOf(await callAs(path, text, from)).code).toBe('unauthorized')
  }
  const ended = await makeVisitorKey(env, '203.0.113.0/24', 1_000_000)
  const read = (atMs: number) => readVisitorKey(env, ended ?? '', '203.0.113.9', atMs)
  expect(await read(999_999)).toMatchObject({ ok: true })
  expect(await read(1_000_000)).toMatchObject({ ok: false, error: { code: 'unauthorized' } })
  expect(await readPageKey(env, ended ?? '', 5)).toMatchObject({ ok: false })
})

test('an address that a caller writes itself counts for nothing', async () => {
  const address = newAddress()
  const key = await keyOf(address)
  const path = `/v1/markets/${SHOWN}`
  const forwarded = { 'X-Forwarded-For': address, 'X-Real-IP': address }
  expect((await callAs(path, key, newAddress(), forwarded)).status).toBe(401)
})

test('what a visitor’s network may not spend is not kept from all others', async () => {
  const address = newAddress()
  const key = await keyOf(address)
  const ofNetwork = accountStub(env, visitorsOf(visitorPrefix(address)))
  const all = accountStub(env, ALL_VISITORS)
  const { left: credits } = (await ofNetwork.limits()) as AccountLimits
  const what = { keyId: 'visitor', rev: 1, route: '/v1/trades', credits, counts: true }
  await ofNetwork.spend({ requestId: `req_${crypto.randomUUID()}`, ...what })
  const { left: before } = (await all.limits()) as AccountLimits
  const answer = await callAs(`/v1/markets/${SHOWN}/trades`, key, address)
  expect(errorOf(answer).code).toBe('quota_exceeded')
  const { left: after } = (await all.limits()) as AccountLimits
  expect(after).toBeGreaterThanOrEqual(before)
})

test('a visitor’s key makes no other key, and cannot see an account', async () => {
  const address = newAddress()
  const key = await keyOf(address)
  expect((await callAs('/v1/usage', key, address)).status).toBe(403)
  for (const path of ['/v1/whoami', '/v1/limits']) {
    const answer = await callAs(path, key, address)
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  }
  expect((await callAs('/account/keys', key, address)).status).toBe(401)
})

test('keys of a network are limited, those of others are not', async () => {
  const address = newAddress()
  // While they are asked for no time passes in which more are granted.
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(address)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(20)
    expect(refused[0]?.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/)
  } finally {
    vi.useRealTimers()
  }
  expect((await ask(newAddress())).status).toBe(200)
})

test('the pages of another site use up no keys of a network that looks at them', async () => {
  const address = newAddress()
  const from = (Origin: string) =>
    call('/visitor-keys', { 'CF-Connecting-IP': address, Origin }, 'POST')
  for (const origin of ['https://evil.example', 'null', 'https://kalshibook.test.evil.example']) {
    const refused = await from(origin)
    expect([refused.status, errorOf(refused).param]).toEqual([403, 'Origin'])
  }
  expect((await from('https://kalshibook.test')).status).toBe(200)
})

test('a visitor’s stream follows what is shown, at a quiet pace', async () => {
  const address = newAddress()
  const key = await keyOf(address)
  const headers = { 'X-API-Key': key, 'CF-Connecting-IP': address }
  const refusals = [
    { markets: [HIDDEN], conflate_ms: 250 },
    { all: true, conflate_ms: 250 },
    { series: ['KXVISIT'], conflate_ms: 250 },
    { markets: [SHOWN], conflate_ms: 100 },
    { markets: [SHOWN] },
  ]
  for (const [id, wanted] of refusals.entries()) {
    const stream = await openSocket('/v1/stream', headers)
    expect(await stream.next()).toMatchObject({ type: 'welcome' })
    stream.send({ op: 'subscribe', id, channels: ['book'], ...wanted })
    expect(await stream.nextWith('id', id)).toMatchObject({ type: 'error', code: 'invalid_param' })
    stream.close()
    await stream.closed
  }
  const single = await callAs(`/v1/markets/${SHOWN}/stream`, key, address)
  expect(errorOf(single).code).toBe('forbidden')
})

test('a page opens a visitor’s stream by a ticket, at the same network', async () => {
  const address = newAddress()
  const key = await keyOf(address)
  const made = await call(
    '/v1/stream/tickets',
    { 'X-API-Key': key, 'CF-Connecting-IP': address, Origin: PAGE },
    'POST',
    '{}',
  )
  expect(made, JSON.stringify(made.body)).toMatchObject({ status: 200 })
  const { ticket } = made.body['data'] as { ticket: string }
  expect(await openTicket(ticket, '/v1/stream', PAGE)).toMatchObject({ code: 'unauthorized' })
})

test('SHOWCASE names what is shown: markets, and the markets of series', async () => {
  const ctx = createExecutionContext()
  const request = new Request('https://kalshibook.test/visitor-keys', { method: 'POST' })
  const response = await makeApp().fetch(request, { ...env, SHOWCASE: `KXVISIT, ${HIDDEN}` }, ctx)
  const { data } = (await response.json()) as { data: { markets: string[] } }
  await waitOnExecutionContext(ctx)
  expect(data.markets).toEqual([HIDDEN, SHOWN, BUSIER])
})
