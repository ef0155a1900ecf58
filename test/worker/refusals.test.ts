import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { makeApiKey } from '#core/api-key'
import { makeApp } from '../../worker/app.ts'
import { type Answer, call, errorOf } from './api.ts'
import {
  type Api,
  addressOf,
  answerFaults,
  type Described,
  isList,
  methodOf,
  neededOf,
  readApi,
} from './described.ts'
import { fillStore, MARKET } from './filled-store.ts'
import { asOwner } from './store.ts'

const { good, revoked } = env.TEST_KEYS
const BOOK = `/v1/markets/${MARKET}/orderbook`
const DAY_MS = 86_400_000
let api: Api

beforeAll(async () => {
  await fillStore()
  api = await readApi()
})

const keyed = () => api.operations.filter(({ operation }) => operation.security?.length !== 0)

/** The code of a refusal that is as the document says. */
function codeOf(each: Described, answer: Answer): string {
  const faults = answerFaults(api, each, answer)
  if (faults.length > 0) return faults.join()
  return answer.status < 400 ? String(answer.status) : errorOf(answer).code
}

test('no operation answers without a good key, and each says what is wrong with it', async () => {
  const stranger = makeApiKey(crypto.getRandomValues(new Uint8Array(128)))
  const faults: string[] = []
  for (const each of keyed()) {
    const address = addressOf(each, neededOf(each))
    for (const [headers, code] of [
      [{}, 'unauthorized'],
      [{ 'X-API-Key': stranger }, 'unauthorized'],
      [{ Authorization: `Bearer ${good}`, 'X-API-Key': stranger }, 'unauthorized'],
      [{ 'X-API-Key': revoked }, 'key_revoked'],
    ] as const) {
      const got = codeOf(each, await call(address, { ...headers }, methodOf(each)))
      if (got !== code) faults.push(`${address}: ${got} for ${code}`)
    }
  }
  expect(faults).toEqual([])
})

test('what is not there is 404 in each operation that names it', async () => {
  const faults: string[] = []
  for (const each of keyed()) {
    for (const { name } of each.parameters.filter((parameter) => parameter.in === 'path')) {
      const address = addressOf(each, { ...neededOf(each), [name]: 'NO-SUCH' })
      const upgrade = each.path.endsWith('/stream') ? { Upgrade: 'websocket' } : {}
      const headers = { 'X-API-Key': good, ...upgrade }
      const got = codeOf(each, await call(address, headers, methodOf(each)))
      if (got !== 'not_found') faults.push(`${address}: ${got}`)
    }
  }
  expect(faults).toEqual([])
})

test('a time before the record is 404 with what is covered, wherever that is told', async () => {
  const faults: string[] = []
  for (const each of keyed()) {
    if (!tells(each, '404', 'range_not_covered')) continue
    const name = each.parameters.some((parameter) => parameter.name === 'at') ? 'at' : 'to'
    const address = addressOf(each, { ...neededOf(each), [name]: '2020-01-01T00:00:00Z' })
    const answer = await call(address)
    if (codeOf(each, answer) !== 'range_not_covered') {
      faults.push(`${address}: ${answer.status} ${JSON.stringify(answer.body)}`)
    } else if (errorOf(answer).covered === undefined) faults.push(`${address}: nothing is covered`)
  }
  expect(faults).toEqual([])
})

test('a range that ends before it begins, or where it begins, is refused', async () => {
  const faults: string[] = []
  for (const each of keyed().filter(hasRange)) {
    for (const to of ['2026-11-21T17:00:00Z', '2026-11-21T16:00:00Z']) {
      const range = { from: '2026-11-21T17:00:00Z', to }
      const answer = await call(addressOf(each, { ...neededOf(each), ...range }))
      if (codeOf(each, answer) !== 'invalid_param' || errorOf(answer).param !== 'to') {
        faults.push(`${each.path} to ${to}: ${answer.status}`)
      }
    }
  }
  expect(faults).toEqual([])
})

test('too long a range is not streamed: it is refused with the limit', async () => {
  const faults: string[] = []
  const from = new Date(Date.now() - 367 * DAY_MS).toISOString()
  for (const each of keyed().filter((one) => isList(one) && hasRange(one))) {
    if (!tells(each, '422', 'range_too_large')) continue
    const address = addressOf(each, { ...neededOf(each), from })
    for (const accept of ['application/x-ndjson', 'text/csv']) {
      const answer = await call(address, { 'X-API-Key': good, Accept: accept }).catch(() => null)
      const code = answer === null ? 'a stream' : codeOf(each, answer)
      if (answer === null || code !== 'range_too_large') faults.push(`${address}: ${code}`)
      else if (!errorOf(answer).message.includes('366 days')) faults.push(errorOf(answer).message)
    }
  }
  expect(faults).toEqual([])
})

test('an event of more than 500 markets is not read at once', async () => {
  const event = 'KXMANY-26NOV22'
  await asOwner(
    (sql) => sql`
      insert into kb.markets (ticker, event_ticker, series_ticker, title, market_type, status, raw,
        first_seen_us, updated_us)
      select ${event} || '-T' || n, ${event}, 'KXMANY', 'One of many', 'binary', 'active', '{}', 1, 1
      from generate_series(1, 501) as n on conflict do nothing`,
  )
  const faults: string[] = []
  for (const each of keyed().filter((one) => tells(one, '422', 'range_too_large'))) {
    if (!each.parameters.some(({ name }) => name === 'event')) continue
    const answer = await call(addressOf(each, { ...neededOf(each), event }))
    const code = codeOf(each, answer)
    if (code !== 'range_too_large') faults.push(`${each.path}: ${code}`)
    else if (!errorOf(answer).message.includes('500')) faults.push(errorOf(answer).message)
  }
  expect(faults).toEqual([])
})

test('while Postgres is away each operation is 503 and says when to ask again', async () => {
  const away = { connectionString: 'postgres://kb_reader@127.0.0.1:1/none' } as Hyperdrive
  const changed = { ...env, HYPERDRIVE_READER: away, HYPERDRIVE_METADATA: away }
  const app = makeApp()
  const faults: string[] = []
  // A stream of any markets opens all the same: what it cannot read it says to each subscribe.
  // What an account asks of itself is read elsewhere.
  const reads = keyed().filter(
    ({ path, operation }) => path !== '/v1/stream' && operation.tags[0] !== 'Account',
  )
  for (const each of reads) {
    const ctx = createExecutionContext()
    const upgrade = each.path.endsWith('/stream') ? { Upgrade: 'websocket' } : {}
    const example = each.operation.requestBody?.content['application/json']?.example
    const request = new Request(`https://kalshibook.test${addressOf(each, neededOf(each))}`, {
      method: methodOf(each),
      headers: { 'X-API-Key': good, ...upgrade },
      ...(example === undefined ? {} : { body: JSON.stringify(example) }),
    })
    const response = await app.fetch(request, changed, ctx)
    await waitOnExecutionContext(ctx)
    const { status, headers } = response
    const body = (await response.json()) as Record<string, unknown>
    const code = codeOf(each, { status, headers, body })
    if (code !== 'upstream_degraded') faults.push(`${each.path}: ${code}`)
  }
  expect(faults).toEqual([])
})

/** Whether an operation says that it may refuse so. */
function tells({ operation }: Described, status: string, code: string): boolean {
  const { examples } = operation.responses[status]?.content?.['application/json'] ?? {}
  return examples?.[code] !== undefined
}

function hasRange({ parameters }: Described): boolean {
  return parameters.some(({ name }) => name === 'from')
}

test.each([
  [`${BOOK}?at=2026-11-21T17:00:00Z&at_seq=1`, 'at_seq'],
  [`/v1/markets/${MARKET}/stream`, 'Upgrade'],
  ['/v1/markets/a%zz/orderbook', 'ticker'],
])('%s is refused and %s is named', async (path, param) => {
  const answer = await call(path)
  expect(answer.status).toBe(422)
  expect(errorOf(answer)).toMatchObject({ code: 'invalid_param', param })
})

test.each([
  '/v1',
  '/v1/nowhere',
  '/v1/markets/',
  '/v1/events/',
  `/v1/markets/${MARKET}/orderbooks`,
  `/v1/markets/${MARKET}/orderbook/`,
  '/V1/markets',
  '/v2/markets',
  '/openapi',
  '/internal/feed',
])('%s is nowhere', async (path) => {
  const answer = await call(path)
  expect(answer.status).toBe(404)
  expect(errorOf(answer).code).toBe('not_found')
})

test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])(
  '%s is refused at every address, and what is allowed is said',
  async (method) => {
    const known = api.operations.map((each) => [addressOf(each, neededOf(each)), methodOf(each)])
    for (const [address = '', allowed] of [...known, ['/internal/feed/0', 'GET']]) {
      if (method === allowed) continue
      const answer = await call(address, { 'X-API-Key': good }, method)
      expect(answer.status, address).toBe(405)
      expect(answer.headers.get('Allow')).toBe(allowed)
      expect(answer.headers.get('X-Request-Id')).toMatch(/^req_/)
      if (method === 'HEAD') continue
      expect(errorOf(answer).code).toBe('method_not_allowed')
      const place = ['components', 'responses', 'MethodNotAllowed', 'content']
      expect(api.faults([...place, 'application/json', 'schema'], answer.body)).toEqual([])
    }
  },
)

test('a request id is ours, never the caller’s', async () => {
  const answer = await call('/v1/status', { 'X-Request-Id': 'req_mine' })
  expect(answer.headers.get('X-Request-Id')).toMatch(/^req_[0-9a-f]{32}$/)
})
