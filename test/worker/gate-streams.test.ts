import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { makeApp } from '../../worker/app.ts'
import { limitsOf, makeAccount } from './accounts.ts'
import { codeOf, Edge, rateOf } from './edge.ts'
import { asOwner, setWatermark, storeMarket } from './store.ts'

const S = 1_000_000
const DAY = 86_400 * S
const NOW = Math.floor(Date.now() / 1000) * S
const START = NOW - 3000 * S
const T = 'PAID-26NOV22-T1'
const OLD = 'PAID-26NOV22-T2'
const ROWS = 12_345
const NDJSON = { Accept: 'application/x-ndjson' }
const LOG = `/v1/markets/${T}/gaps`

/** A market of many gaps: the cheapest rows that there are. */
beforeAll(async () => {
  const id = await storeMarket(T)
  const old = await storeMarket(OLD)
  await asOwner(async (sql) => {
    await sql`
      insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us)
      select ${id}, n, 'cut', us, us + 1, us
      from generate_series(1, ${ROWS}) n, lateral (select ${START}::int8 + n * 1000::int8 as us) t`
    await sql`
      insert into kb.book_gaps (market_id, seq, cause, from_us, to_us, noticed_us)
      select ${old}, n, 'cut', us, us + 1, us
      from (values (1, ${NOW - 40 * DAY}::int8), (2, ${NOW - 20 * DAY}::int8)) g (n, us)`
    await sql`insert into kb.log_begins values (${id}, ${START}), (${old}, ${NOW - 41 * DAY})`
  })
  await setWatermark((NOW - 10 * S) as Micros)
})

type Line = Record<string, unknown>

async function linesOf(edge: Edge, path: string, key: string): Promise<Line[]> {
  const response = await edge.fetch(path, { 'X-API-Key': key, ...NDJSON })
  expect(response.status).toBe(200)
  const text = await response.text()
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

test('a stream is one request, paid for in blocks, and costs what its rows do', async () => {
  const account = await makeAccount('pro', { credits: 100 })
  const edge = new Edge()
  const response = await edge.fetch(LOG, { 'X-API-Key': account.key, ...NDJSON })
  expect(response.headers.get('X-Credits-Cost')).toBeNull()
  expect(response.headers.get('X-Credits-Remaining')).toBeNull()
  expect(rateOf(response)).toMatchObject({ policy: 'plan', q: 200 })
  const lines = (await response.text()).trimEnd().split('\n')
  expect(lines).toHaveLength(ROWS + 1)
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'end', records: ROWS, credits: 13 })
  expect(await limitsOf(account)).toMatchObject({ used: 13, held: 0, left: 87 })
  expect(await limitsOf(account)).toMatchObject({ rate: { burst: 200 } })
})

test('a stream with a limit reserves no more than that, and costs what it sends', async () => {
  const account = await makeAccount('pro', { credits: 2 })
  const lines = await linesOf(new Edge(), `${LOG}?limit=1500`, account.key)
  expect(lines.at(-1)).toMatchObject({ type: 'end', records: 1500, credits: 2 })
  expect(await limitsOf(account)).toMatchObject({ used: 2, held: 0 })
})

test('NDJSON whose next block cannot be paid ends with that and with where to go on; what was sent stays paid', async () => {
  const account = await makeAccount('pro', { credits: 11 })
  const edge = new Edge()
  const lines = await linesOf(edge, LOG, account.key)
  const last = lines.at(-1)
  expect(lines).toHaveLength(10_001)
  expect(last).toMatchObject({ type: 'error', code: 'quota_exceeded', cursor: expect.any(String) })
  expect(await limitsOf(account)).toMatchObject({ used: 10, held: 0, left: 1 })
  const rest = await edge.call(`${LOG}?limit=1000&cursor=${last?.['cursor']}`, account.key)
  const [next] = rest.body['data'] as { seq: number }[]
  expect(next?.seq).toBe(10_001)
  expect(await limitsOf(account)).toMatchObject({ used: 11, left: 0 })
})

test('CSV whose next block cannot be paid breaks off', async () => {
  const account = await makeAccount('pro', { credits: 11 })
  const headers = { 'X-API-Key': account.key, Accept: 'text/csv' }
  await expect(new Edge().fetch(LOG, headers)).rejects.toThrow()
  await expect.poll(() => limitsOf(account)).toMatchObject({ used: 10, held: 0 })
})

test('a stream whose first block cannot be paid is refused', async () => {
  const account = await makeAccount('pro', { credits: 9 })
  const answer = await new Edge().call(LOG, account.key, NDJSON)
  expect(codeOf(answer)).toBe('quota_exceeded')
  expect(await limitsOf(account)).toMatchObject({ used: 0, held: 0 })
})

test('who leaves in mid-stream pays for what was sent', async () => {
  const account = await makeAccount('pro', { credits: 1000 })
  const ctx = createExecutionContext()
  const headers = { 'X-API-Key': account.key, ...NDJSON }
  const request = new Request(`https://kalshibook.test${LOG}`, { headers })
  const response = await makeApp().fetch(request, { ...env }, ctx)
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await waitOnExecutionContext(ctx)
  const { used, held } = await limitsOf(account)
  expect([10, 11]).toContain(used)
  expect(held).toBe(0)
})

test('a list begins with the first that the plan reads, and what is older is forbidden by name', async () => {
  const free = await makeAccount('free', { requestsPerS: 1000 })
  const edge = new Edge()
  const path = `/v1/markets/${OLD}/gaps`
  const seqsOf = async (query: string, key: string) => {
    const { status, body } = await edge.call(`${path}${query}`, key)
    return [status, (body['data'] as { seq: number }[] | undefined)?.map(({ seq }) => seq)]
  }
  expect(await seqsOf('', free.key)).toEqual([200, [2]])
  const paid = await makeAccount('starter')
  expect(await seqsOf('', paid.key)).toEqual([200, [1, 2]])
  const from = `?from=${NOW - 35 * DAY}`
  expect(await seqsOf(from, paid.key)).toEqual([200, [2]])
  for (const [query, param] of [
    [from, 'from'],
    [`?to=${NOW - 35 * DAY}`, 'to'],
  ] as const) {
    for (const list of ['gaps', 'deltas', 'bbo', 'trades', 'candles']) {
      const interval = list === 'candles' ? '&interval=1h' : ''
      const answer = await edge.call(`/v1/markets/${OLD}/${list}${query}${interval}`, free.key)
      expect([list, codeOf(answer)]).toEqual([list, 'forbidden'])
      expect(answer.body['error']).toMatchObject({ param })
    }
  }
  const books = [`/v1/markets/${OLD}/orderbook?`, `/v1/orderbooks?tickers=${OLD}&`]
  for (const book of [...books, '/v1/events/PAID-26NOV22/orderbook?']) {
    const answer = await edge.call(`${book}at=${NOW - 35 * DAY}`, free.key)
    expect([book, codeOf(answer)]).toEqual([book, 'forbidden'])
    const { message } = answer.body['error'] as { message: string }
    const earliest = /from (\S+) on/.exec(message)?.[1] ?? ''
    expect(Math.abs(Date.parse(earliest) * 1000 - (NOW - 30 * DAY))).toBeLessThan(600 * S)
  }
})

test('how long a streamed range may be is the word of the account, whatever KV says of its plan', async () => {
  const account = await makeAccount('free', { requestsPerS: 1000 })
  const edge = new Edge()
  const range = `?from=${NOW - 25 * DAY}&to=${NOW}`
  const path = `/v1/markets/${OLD}/gaps${range}`
  expect(codeOf(await edge.call(path, account.key, NDJSON))).toBe('range_too_large')
  const lines = await linesOf(edge, path, (await makeAccount('starter')).key)
  expect(lines.at(-1)).toMatchObject({ type: 'end', records: 1 })
})
