import { env, exports } from 'cloudflare:workers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Answer, call } from './api.ts'
import { TestCollector } from './collector.ts'
import { type Api, addressOf, type Described, isList, neededOf, readApi } from './described.ts'
import { at, EVENT, fillStore, MARKET, SETTLED } from './filled-store.ts'
import { setLease } from './store.ts'

const EPOCH = 9000
const collector = new TestCollector(EPOCH)
const KEY = { Authorization: `Bearer ${env.TEST_KEYS.good}` }
const VARY = 'Authorization, X-API-Key, Accept, Accept-Encoding'
let api: Api

beforeAll(async () => {
  await fillStore()
  await setLease(EPOCH)
  collector.known(MARKET)
  await collector.connect()
  api = await readApi()
})

afterAll(() => collector.fallSilent())

const keyed = () =>
  api.operations.filter(
    ({ path, method, operation }) =>
      operation.security?.length !== 0 && method === 'get' && !path.endsWith('/stream'),
  )

const kept = ({ headers }: Answer) => headers.get('Cache-Control')

test('every answer under a key is private, says what it varies by and what it cost', async () => {
  const faults: string[] = []
  for (const each of keyed()) {
    const address = addressOf(each, neededOf(each))
    const { status, headers } = await call(address)
    if (status !== 200) faults.push(`${address}: ${status}`)
    if (!headers.get('Cache-Control')?.startsWith('private, '))
      faults.push(`${address}: not private`)
    if (headers.get('Vary') !== VARY) faults.push(`${address}: Vary ${headers.get('Vary')}`)
    if (!/^\d+$/.test(headers.get('X-Credits-Cost') ?? '')) faults.push(`${address}: no cost`)
  }
  expect(faults).toEqual([])
})

test('what has an ETag is not sent again to who has it, for nothing; what has none may not be kept', async () => {
  const faults: string[] = []
  let tagged = 0
  for (const each of keyed()) {
    const address = addressOf(each, neededOf(each))
    const first = await call(address)
    const etag = first.headers.get('ETag')
    if ((etag === null) !== (kept(first) === 'private, no-store'))
      faults.push(`${address}: ${etag}`)
    if (etag === null) continue
    tagged += 1
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await call(address, { ...KEY, 'If-None-Match': given })
      const { status, body, headers } = again
      const right =
        status === 304 &&
        Object.keys(body).length === 0 &&
        headers.get('X-Credits-Cost') === '0' &&
        headers.get('ETag') === etag &&
        headers.get('Vary') === VARY &&
        kept(again) === kept(first)
      if (!right) faults.push(`${address} ${given}: ${status} ${JSON.stringify([...headers])}`)
    }
    const other = await call(address, { ...KEY, 'If-None-Match': '"other"' })
    if (other.status !== 200) faults.push(`${address}: ${other.status} for another tag`)
    if (other.headers.get('ETag') !== etag) faults.push(`${address}: another tag of the same data`)
  }
  expect(faults).toEqual([])
  expect(tagged).toBeGreaterThan(keyed().length / 2)
}, 60_000)

/** Coverage is of whole days, and what became of a market may be heard late: these are always asked for again. */
const WHOLE = ['/coverage', '/lifecycle']

/** A time so many seconds ago. */
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()

test('a past older than 15 minutes may be kept for an hour, a younger one is asked for again', async () => {
  const faults: string[] = []
  const expectKept = async (each: Described, name: string, seconds: number, right: string) => {
    const address = addressOf(each, { ...neededOf(each), [name]: ago(seconds) })
    const answer = await call(address)
    if (kept(answer) !== right) faults.push(`${address}: ${answer.status} ${kept(answer)}`)
  }
  let tried = 0
  for (const each of keyed()) {
    const { operation } = each
    const names = each.parameters.map(({ name }) => name)
    const [name] = ['at', 'to'].filter((time) => names.includes(time))
    // What an account asks of itself may not be kept.
    if (operation.tags[0] === 'Account') continue
    if (name === undefined || WHOLE.some((end) => each.path.endsWith(end))) continue
    tried += 1
    await expectKept(each, name, 960, 'private, max-age=3600')
    await expectKept(each, name, 600, 'private, no-cache')
  }
  expect(faults).toEqual([])
  expect(tried).toBeGreaterThan(5)
})

test.each([
  ['the book now', `/v1/markets/${MARKET}/orderbook`, 'live'],
  ['a book inside a gap', `/v1/markets/${MARKET}/orderbook?at=2026-11-21T17:30:01Z`, 'unknown'],
])('%s may not be kept', async (_, address, status) => {
  const answer = await call(address)
  expect(answer.status).toBe(200)
  expect(answer.body['data']).toMatchObject({ status })
  expect(kept(answer)).toBe('private, no-store')
  expect(answer.headers.get('ETag')).toBeNull()
})

test('an unknown book costs nothing, a known one a credit', async () => {
  const book = (at: string) => call(`/v1/markets/${MARKET}/orderbook?at=2026-11-21T${at}Z`)
  expect((await book('17:30:01')).headers.get('X-Credits-Cost')).toBe('0')
  expect((await book('17:00:01')).headers.get('X-Credits-Cost')).toBe('1')
  expect((await call(`/v1/markets/${SETTLED}/orderbook`)).headers.get('X-Credits-Cost')).toBe('1')
})

test('no refusal may be kept, and none costs anything', async () => {
  for (const [address, headers] of [
    [`/v1/markets/${MARKET}/orderbook?depth=0`, KEY],
    ['/v1/markets/NO-SUCH-T1', KEY],
    [`/v1/markets/${MARKET}/orderbook?at=2020-01-01T00:00:00Z`, KEY],
    [`/v1/events/${EVENT}?surprise=1`, { ...KEY, 'If-None-Match': '*' }],
    ['/v1/markets', {}],
    ['/v1/nowhere', KEY],
    ['/nowhere', {}],
  ] as const) {
    const answer = await call(address, { ...headers })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(kept(answer)).toBe('private, no-store')
    expect(answer.headers.get('ETag')).toBeNull()
    expect(answer.headers.get('X-Credits-Cost')).toBe('0')
  }
})

test('a stream may not be kept', async () => {
  for (const each of keyed().filter(isList)) {
    const headers = { ...KEY, Accept: 'application/x-ndjson' }
    // Of the record's first day: up to now it is too long for one stream some day.
    const values = { ...neededOf(each), to: at('23:59:59') }
    const address = `https://kalshibook.test${addressOf(each, values)}`
    const answer = await exports.default.fetch(new Request(address, { headers }))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
    expect(answer.headers.get('Vary')).toBe(VARY)
    await answer.text()
  }
})

test('the status is never kept; this document is, by anybody', async () => {
  expect(kept(await call('/v1/status', {}))).toBe('private, no-store')
  const document = await call('/openapi.json', {})
  expect(kept(document)).toBe('public, max-age=3600')
  const etag = String(document.headers.get('ETag'))
  const again = await call('/openapi.json', { 'If-None-Match': etag })
  expect(again).toMatchObject({ status: 304, body: {} })
})

test('a page of another origin may ask under /v1, conditionally too, and read what the headers say', async () => {
  const asked = { Origin: 'https://x.test', 'Access-Control-Request-Method': 'GET' }
  const wanted = 'authorization,x-api-key,accept,content-type,if-none-match'
  const given = { ...asked, 'Access-Control-Request-Headers': wanted }
  for (const { path } of keyed()) {
    const preflight = await call(path.replaceAll(/\{\w+\}/g, 'X'), given, 'OPTIONS')
    expect(preflight.status).toBe(204)
    const header = (name: string) => preflight.headers.get(`Access-Control-${name}`)?.toLowerCase()
    expect(header('Allow-Origin')).toBe('*')
    expect(header('Allow-Methods')).toBe('get, post')
    expect(header('Allow-Credentials')).toBeUndefined()
    for (const name of wanted.split(',')) expect(header('Allow-Headers')).toContain(name)
    expect(Number(header('Max-Age'))).toBeGreaterThan(0)
  }
  for (const address of [`/v1/markets/${MARKET}`, '/v1/markets/NO-SUCH-T1', '/v1/status']) {
    const answer = await call(address)
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*')
    const exposed = answer.headers.get('Access-Control-Expose-Headers')
    for (const name of ['X-Request-Id', 'X-Credits-Cost', 'ETag', 'Retry-After']) {
      expect(exposed).toContain(name)
    }
  }
  for (const address of ['/openapi.json', '/nowhere']) {
    expect((await call(address)).headers.get('Access-Control-Allow-Origin')).toBeNull()
  }
})
