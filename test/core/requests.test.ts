import { expect, test } from 'vitest'
import { type Request, Requests } from '#core/requests'
import type { Ticker } from '#core/ticker'
import { must, us } from './arbitraries.ts'

const named = (count: number, name = 'KX') =>
  Array.from({ length: count }, (_, i) => `${name}${i}` as Ticker)
const at = (ms: number) => us(ms * 1000)
const requests = (bounds = {}) =>
  new Requests({ chunk: 10, perSecond: 1000, patienceMs: 1000, ...bounds })

/** Everything that may go out at one moment. */
function out(of: Requests, sid: number | null, ms: number): Request[] {
  const all: Request[] = []
  for (let next = of.next(sid, at(ms)); next !== null; next = of.next(sid, at(ms))) all.push(next)
  return all
}

test('the first markets are subscribed to, the others added in chunks once there is a sid', () => {
  const it = requests()
  it.add(named(25))
  const [first, ...none] = out(it, null, 0)
  expect(first).toMatchObject({ kind: 'subscribe', sid: null })
  expect(first?.markets).toHaveLength(10)
  expect(none).toEqual([])
  it.done(must(first).id)
  expect(out(it, 4, 1).map(({ kind, sid, markets }) => [kind, sid, markets.length])).toEqual([
    ['add', 4, 10],
    ['add', 4, 5],
  ])
  expect(it.waiting).toBe(0)
})

test('a market is taken out before it is added again', () => {
  const it = requests()
  it.remove(named(1))
  it.add(named(1))
  expect(out(it, 4, 0).map(({ kind }) => kind)).toEqual(['delete', 'add'])
})

test('a market that is taken out is asked for no more', () => {
  const it = requests()
  it.add(named(2))
  it.snapshot(named(2))
  it.remove(named(2))
  expect(out(it, 4, 0).map(({ kind }) => kind)).toEqual(['delete'])
})

test('few commands are under way at once; an answer or its absence lets the next one go', () => {
  const it = requests()
  it.snapshot(named(400))
  const first = out(it, 4, 0)
  expect(first).toHaveLength(16)
  const { id, markets } = must(first[0])
  for (const market of markets.slice(1)) it.came(market, id)
  expect(out(it, 4, 1)).toHaveLength(0)
  it.came(must(markets[0]), id)
  expect(out(it, 4, 1)).toHaveLength(1)
  expect(out(it, 4, 1002)).toHaveLength(16)
})

test('no more commands go out in a second than are allowed', () => {
  const it = requests({ perSecond: 20, chunk: 1 })
  it.snapshot(named(1000))
  let sent = 0
  for (let ms = 0; ms < 2000; ms += 10) {
    for (const { id, markets } of out(it, 4, ms)) {
      sent += 1
      for (const market of markets) it.came(market, id)
    }
  }
  expect(sent).toBeGreaterThan(35)
  expect(sent).toBeLessThanOrEqual(42)
})

test('too many requests: a wait that doubles until one is done, and then one at a time', () => {
  const it = requests({ chunk: 1 })
  it.snapshot(named(40))
  const [first, ...others] = out(it, 4, 0)
  const refuse = (request: Request, ms: number) => {
    it.slower(at(ms))
    it.again(must(it.refused(request.id)))
  }
  for (const request of [must(first), ...others]) refuse(request, 0)
  expect(out(it, 4, 249)).toEqual([])
  const [second, ...none] = out(it, 4, 251)
  expect(none).toEqual([])
  refuse(must(second), 251)
  expect(out(it, 4, 700)).toEqual([])
  const [third] = out(it, 4, 760)
  it.done(must(third).id)
  expect(out(it, 4, 761)).toHaveLength(1)
  expect(it.waiting).toBe(38)
})

test('a subscription that is nearly full is given fewer at once, and then no more', () => {
  const it = requests({ chunk: 8 })
  it.add(named(11))
  const room = 5
  let held = 0
  const refused: Ticker[] = []
  for (let ms = 0; ms < 100; ms += 1) {
    const next = it.next(4, at(ms))
    if (next === null) break
    const asked = must(it.refused(next.id))
    if (held + asked.markets.length <= room) held += asked.markets.length
    else refused.push(...it.full(asked))
  }
  expect(held).toBe(room)
  expect(refused).toHaveLength(6)
})

test('a snapshot that came by itself is not asked for', () => {
  const it = requests()
  it.snapshot(named(1))
  it.came(must(named(1)[0]), null)
  expect(out(it, 4, 0)).toEqual([])
})

test('another subscription begins with nothing', () => {
  const it = requests()
  it.add(named(25))
  it.snapshot(named(5))
  it.remove(named(3, 'KY'))
  out(it, 4, 0)
  it.restart()
  expect(it.waiting).toBe(0)
  expect(out(it, 5, 1)).toEqual([])
})

test('a subscription is asked for once, however late the answer is', () => {
  const it = requests({ chunk: 1 })
  it.add(named(2))
  expect(out(it, null, 0)).toHaveLength(1)
  expect(out(it, null, 5000)).toEqual([])
  expect(out(it, 4, 5001).map(({ kind }) => kind)).toEqual(['add'])
  it.restart()
  it.add(named(2))
  const [again] = out(it, null, 6000)
  expect(again).toMatchObject({ kind: 'subscribe' })
  expect(it.refused(must(again).id)).toEqual(again)
  expect(out(it, null, 6001).map(({ kind }) => kind)).toEqual(['subscribe'])
})

test('a market is leaving until its removal, or a later command, is answered', () => {
  const it = requests()
  const [market] = named(1)
  it.remove(named(1))
  expect(it.leaving(must(market), null)).toBe(true)
  it.add(named(1))
  const [removal, addition] = out(it, 4, 0)
  expect(it.leaving(must(market), must(removal).id - 1)).toBe(true)
  expect(it.leaving(must(market), must(addition).id)).toBe(false)
  expect(it.leaving(must(market), null)).toBe(true)
  it.done(must(addition).id)
  expect(it.leaving(must(market), null)).toBe(false)
  it.remove(named(1))
  const [refused] = out(it, 4, 1)
  it.again(must(it.refused(must(refused).id)))
  expect(it.leaving(must(market), null)).toBe(true)
})
