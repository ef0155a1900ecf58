import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { makeKey } from './accounts.ts'
import { errorOf } from './api.ts'
import { Edge } from './edge.ts'
import { fillStore, MARKET } from './filled-store.ts'
import { callPages, signedUp, type TestPerson } from './people.ts'

beforeAll(fillStore)

type Told = {
  readonly calls: readonly Readonly<Record<string, unknown>>[]
  readonly total: number
  readonly pages: number
}

async function told(person: TestPerson, query = ''): Promise<Told> {
  const answer = await callPages(`/account/requests${query}`, person.headers)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
  return answer.body['data'] as Told
}

test('who is signed in is told of the calls of their account, and of nothing that these asked for', async () => {
  const person = await signedUp()
  const other = await signedUp()
  const { key, keyId } = await makeKey(person.accountId)
  const edge = new Edge()
  // Of a minute ago: their plan reads no month back.
  const at = (Date.now() - 60_000) * 1000
  const book = await edge.call(`/v1/markets/${MARKET}/orderbook?at=${at}`, key)
  expect(book.status).toBe(200)
  const trades = `/v1/markets/${MARKET}/trades`
  const wronged = await edge.call(`${trades}?cursor=nonsense`, key)
  const lost = await edge.call('/v1/nowhere/KXSECRET', key)
  const tried = await edge.call(`${trades}?limit=5&dry_run=1`, key)
  const answer = await told(person)
  expect(answer).toMatchObject({ total: 4, pages: 1 })
  const times = answer.calls.map((each) => String(each['ts']))
  expect(times).toEqual(times.toSorted().toReversed())
  expect(answer.calls.at(-1)?.['request_id']).toBe(book.headers.get('X-Request-Id'))
  // Not by their order: two of those that ask nobody may be of one millisecond.
  const [first, wrong, unknown, dry] = [book, wronged, lost, tried].map(({ headers }) =>
    answer.calls.find((each) => each['request_id'] === headers.get('X-Request-Id')),
  )
  expect(first).toEqual({
    request_id: book.headers.get('X-Request-Id'),
    ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    key: keyId,
    method: 'GET',
    route: '/v1/markets/{ticker}/orderbook',
    outcome: 'answered',
    status: 200,
    broke_off: false,
    lost: false,
    credits: 1,
    ms: expect.any(Number),
  })
  expect(wrong).toMatchObject({ status: 422, outcome: 'refused', credits: 0 })
  expect(unknown).toMatchObject({ route: 'other', status: 404, outcome: 'refused' })
  expect(dry).toMatchObject({ status: 200, credits: 0 })
  const text = JSON.stringify(answer)
  for (const secret of ['nonsense', 'KXSECRET', MARKET, 'limit=', key]) {
    expect(text).not.toContain(secret)
  }
  expect(await told(person, '?outcome=refused')).toMatchObject({ total: 2 })
  expect(await told(person, `?outcome=answered&key=${keyId}`)).toMatchObject({ total: 2 })
  expect(await told(person, '?key=page')).toMatchObject({ total: 0, calls: [] })
  expect(await told(other)).toMatchObject({ total: 0 })
})

test('a call over the rate is among them', async () => {
  const person = await signedUp()
  const { key } = await makeKey(person.accountId)
  const edge = new Edge()
  // However long they take, none of the rate comes back meanwhile.
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const answers = await Promise.all(Array.from({ length: 14 }, () => edge.call('/v1/limits', key)))
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(0)
  const { calls } = await told(person, '?outcome=refused')
  expect(calls.map((call) => call['request_id']).sort()).toEqual(
    refused.map(({ headers }) => headers.get('X-Request-Id')).sort(),
  )
  for (const call of calls) expect(call).toMatchObject({ status: 429, credits: 0, ms: null })
})

test('it takes a session, GET, and what it knows', async () => {
  const person = await signedUp()
  expect(await callPages('/account/requests')).toMatchObject({ status: 401 })
  expect(await callPages('/account/requests', person.headers, {})).toMatchObject({ status: 405 })
  for (const [query, param] of [
    ['?outcome=good', 'outcome'],
    ['?page=0', 'page'],
    ['?page=11', 'page'],
    ['?from=1', 'from'],
  ] as const) {
    const answer = await callPages(`/account/requests${query}`, person.headers)
    expect(errorOf(answer)).toMatchObject({ code: 'invalid_param', param })
  }
})
