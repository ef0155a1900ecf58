import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Subscriptions, type Wanted } from '#core/subscriptions'
import type { WireListing } from '#core/wire/directory'

const NONE = { events: [], series: [], all: false, depth: null, conflate_ms: 0 }
const wanted = (more: Partial<Wanted>): Wanted => ({
  ...NONE,
  markets: [],
  channels: ['book'],
  ...more,
})
const listing = (m: string, status = 'active'): WireListing => ({
  m,
  event: 'E',
  series: 'S',
  status,
})

test('named markets are rejected one by one when there is no room, a selection as a whole', () => {
  const subs = new Subscriptions(2)
  const named = wanted({ markets: ['A', 'B', 'C', 'X'] })
  expect(subs.judge(named, ['A', 'B', 'C'], ['X'])).toEqual({
    kind: 'accepted',
    members: ['A', 'B'],
    rejected: [
      { market: 'X', code: 'not_found' },
      { market: 'C', code: 'too_many_markets' },
    ],
  })
  expect(subs.judge(wanted({ series: ['S'] }), ['A', 'B', 'C'], [])).toMatchObject({
    kind: 'fault',
    fault: { code: 'too_many_markets' },
  })
})

test('a market is shown in the style of the lowest subscription that covers its book', () => {
  const subs = new Subscriptions(10)
  subs.open(1, wanted({ channels: ['trade'] }), ['A'])
  subs.open(2, wanted({ depth: 5 }), ['A'])
  subs.open(3, wanted({ conflate_ms: 9 }), ['A'])
  expect(subs.cover('A')).toEqual({
    book: { depth: 5, conflateMs: 0 },
    channels: ['trade', 'book'],
  })
  subs.end(2)
  expect(subs.cover('A')?.book).toEqual({ depth: null, conflateMs: 9 })
  subs.end(3)
  expect(subs.cover('A')).toEqual({ book: null, channels: ['trade'] })
  expect(subs.end(1)).toEqual(['A'])
  expect(subs.cover('A')).toBeNull()
  expect(subs.end(1)).toBeNull()
})

test('members of a selection come while they are traded and go when they are settled; named ones stay', () => {
  const subs = new Subscriptions(2)
  subs.open(1, wanted({ series: ['S'], markets: ['A'] }), ['A'])
  expect(subs.hear(listing('B', 'closed'))).toEqual([])
  expect(subs.hear(listing('B'))).toEqual([{ sub: 1, joined: ['B'], left: [] }])
  expect(subs.hear(listing('C'))).toEqual([])
  expect(subs.hear(listing('B', 'determined'))).toEqual([])
  expect(subs.hear(listing('A', 'finalized'))).toEqual([])
  expect(subs.hear(listing('B', 'finalized'))).toEqual([{ sub: 1, joined: [], left: ['B'] }])
  expect(subs.hear(listing('C'))).toEqual([{ sub: 1, joined: ['C'], left: [] }])
  expect(subs.hear({ ...listing('D'), series: 'T' })).toEqual([])
})

test('a selection that finds no room tells the first market that it left out, once until it fits again', () => {
  const subs = new Subscriptions(2)
  subs.open(1, wanted({ series: ['S'] }), ['A', 'B'])
  for (const market of ['C', 'D']) subs.hear(listing(market))
  expect(subs.takeLeftOut()).toEqual([{ sub: 1, market: 'C' }])
  subs.reselect(1, ['A', 'B', 'C', 'D'], () => true)
  expect(subs.takeLeftOut()).toEqual([])
  subs.reselect(1, ['A', 'C'], () => true)
  expect(subs.takeLeftOut()).toEqual([])
  subs.reselect(1, ['A', 'C', 'D', 'E'], () => true)
  expect(subs.takeLeftOut()).toEqual([{ sub: 1, market: 'D' }])
})

test('whatever joins and leaves, no more than allowed is covered, and just what is a member', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('open'), all: fc.boolean(), m: fc.nat(9) }),
    fc.record({ kind: fc.constant('end'), sub: fc.integer({ min: 1, max: 9 }) }),
    fc.record({
      kind: fc.constant('hear'),
      m: fc.nat(9),
      status: fc.constantFrom('active', 'finalized'),
    }),
    fc.record({ kind: fc.constant('reselect'), found: fc.array(fc.nat(9)) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const subs = new Subscriptions(5)
      let last = 0
      for (const one of steps) {
        if ('all' in one) {
          const command = wanted({ all: one.all, markets: [`${one.m}`] })
          const judged = subs.judge(command, [`${one.m}`], [])
          if (judged.kind === 'accepted') {
            last += 1
            subs.open(last, command, judged.members)
          }
        } else if ('sub' in one) subs.end(one.sub)
        else if ('status' in one) subs.hear(listing(`${one.m}`, one.status))
        else
          for (const sub of subs.numbers) {
            if (subs.selection(sub) !== null) subs.reselect(sub, one.found.map(String), () => true)
          }
        const covered = new Set(subs.markets)
        expect(covered.size).toBeLessThanOrEqual(5)
        const members = new Set(subs.numbers.flatMap((sub) => [...subs.members(sub)]))
        expect(covered).toEqual(members)
        for (const market of covered) expect(subs.cover(market)).not.toBeNull()
      }
    }),
  )
})
