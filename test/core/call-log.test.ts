import { expect, test } from 'vitest'
import { BROKE_OFF, type LoggedCall, outcomeOf, pageOfCalls } from '#core/call-log'

const call = (at: number, over: Partial<LoggedCall> = {}): LoggedCall => ({
  requestId: `req_${at}`,
  atMs: at,
  keyId: 'k1',
  method: 'GET',
  route: '/v1/trades',
  state: 'settled',
  status: 200,
  credits: 1,
  ms: 5,
  ...over,
})

test.each([
  ['open', null, 'open'],
  ['settled', 200, 'answered'],
  ['settled', 101, 'answered'],
  ['settled', 304, 'answered'],
  // It went through while its account could not be asked: nobody told its status.
  ['settled', null, 'answered'],
  ['settled', 422, 'refused'],
  ['refused', 429, 'refused'],
  ['settled', 503, 'failed'],
  ['settled', BROKE_OFF, 'failed'],
  ['lost', null, 'failed'],
] as const)('a call that is %s with %s is %s', (state, status, outcome) => {
  expect(outcomeOf({ state, status })).toBe(outcome)
})

test('calls are found by outcome and key, and told a hundred a page', () => {
  const calls = Array.from({ length: 250 }, (_, at) =>
    call(at, { keyId: at % 2 === 0 ? 'k1' : 'k2', status: at % 10 === 0 ? 404 : 200 }),
  )
  const all = pageOfCalls(calls, { outcome: null, keyId: null, page: 3 })
  expect([all.total, all.pages, all.calls.length]).toEqual([250, 3, 50])
  expect(all.calls[0]?.requestId).toBe('req_200')
  const refused = pageOfCalls(calls, { outcome: 'refused', keyId: 'k1', page: 1 })
  expect([refused.total, refused.pages]).toEqual([25, 1])
  expect(pageOfCalls(calls, { outcome: 'refused', keyId: 'k2', page: 1 }).total).toBe(0)
  expect(pageOfCalls(calls, { outcome: null, keyId: null, page: 9 }).calls).toEqual([])
  expect(pageOfCalls([], { outcome: null, keyId: null, page: 1 }).pages).toBe(1)
})
