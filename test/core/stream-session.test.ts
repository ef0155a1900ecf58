import { expect, test } from 'vitest'
import {
  hearMarket,
  newSession,
  type StreamSession,
  SUBS,
  served,
  subscribe,
  unsubscribe,
} from '#core/stream-session'

const M = 'A-B-T1'

/** Says some things in a row. @returns what the last one came to */
function say(session: StreamSession, at: number[], text = '{"op":"ping"}') {
  let last = hearMarket(session, text, M, at[0] ?? 0)
  for (const ms of at.slice(1)) last = hearMarket(last.session, text, M, ms)
  return last
}

function must(session: StreamSession | null): StreamSession {
  if (session === null) throw new Error('no more subscriptions')
  return session
}

test('a socket has no more subscriptions than its attachment can hold', () => {
  let session = newSession('pro')
  for (let i = 0; i < SUBS; i++) session = served(must(subscribe(session, i)))
  expect(subscribe(session, null)).toBeNull()
  expect(JSON.stringify(session).length).toBeLessThan(16_384 / 2)
  expect(subscribe(must(unsubscribe(session, 1)), null)).not.toBeNull()
})

test('subscriptions are numbered, wait for their book, and end', () => {
  const one = must(subscribe(newSession('pro'), null))
  const two = must(subscribe(served(one), 7))
  expect(two).toMatchObject({ subs: [{ sub: 1 }], waiting: [{ sub: 2, have: 7 }], last: 2 })
  expect(served(two)).toMatchObject({ subs: [{ sub: 1 }, { sub: 2 }], waiting: [] })
  expect(unsubscribe(two, 2)).toMatchObject({ subs: [{ sub: 1 }], waiting: [] })
  expect(unsubscribe(two, 3)).toBeNull()
})

test('twenty messages in a second are heard, and the count begins anew with the next', () => {
  const twenty = Array.from({ length: 20 }, (_, i) => 5000 + i)
  const session = newSession('pro')
  expect(say(session, twenty).heard.kind).toBe('message')
  expect(say(session, [...twenty, 5999]).heard).toMatchObject({
    kind: 'error',
    fault: { code: 'rate_limited' },
  })
  expect(say(session, [...twenty, 6000]).heard.kind).toBe('message')
  expect(say(session, [...twenty, 5999, 5999, 5999]).heard).toMatchObject({
    kind: 'close',
    code: 4008,
  })
})

test('three bad messages in a row close, a good one between them forgives', () => {
  const session = newSession('pro')
  expect(say(session, [1, 2], '{').heard).toMatchObject({ kind: 'error' })
  expect(say(session, [1, 2, 3], '{').heard).toMatchObject({ kind: 'close', code: 1008 })
  const forgiven = say(say(session, [1, 2], '{').session, [3]).session
  expect(say(forgiven, [4, 5], '{').heard).toMatchObject({ kind: 'error' })
})
