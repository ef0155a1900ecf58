import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import {
  type AccountStanding,
  accountStanding,
  includedCredits,
  overageCredits,
  planAt,
  planNameAt,
} from '#core/standing'

const at = (text: string) => (Date.parse(text) * 1000) as Micros
const NOVEMBER = at('2026-11-01T00:00:00Z')
const DECEMBER = at('2026-12-01T00:00:00Z')

function standing(over: Record<string, unknown> = {}): AccountStanding {
  return accountStanding.parse({
    rev: 1,
    closed: false,
    free_credits: true,
    overage_cap_cents: null,
    overage_suspended: null,
    paid_once: true,
    grace_until_us: null,
    terms: {},
    plans: [{ plan: 'free', from_us: 0 }],
    grants: [],
    keys: [],
    ...over,
  })
}

test('a plan holds from its instant on until the next, those that lie ahead too', () => {
  const starter = at('2026-11-10T12:00:00Z')
  const account = standing({
    plans: [
      { plan: 'free', from_us: 0 },
      { plan: 'starter', from_us: starter },
      { plan: 'free', from_us: DECEMBER },
    ],
  })
  expect(planNameAt(account, (starter - 1) as Micros)).toBe('free')
  expect(planNameAt(account, starter)).toBe('starter')
  expect(planNameAt(account, (DECEMBER - 1) as Micros)).toBe('starter')
  expect(planNameAt(account, DECEMBER)).toBe('free')
})

test('a plan that nobody knows is the smallest', () => {
  expect(planNameAt(standing({ plans: [{ plan: 'gold', from_us: 0 }] }), NOVEMBER)).toBe('free')
})

test('a month includes the credits of the plan at its begin, and its own grants alone', () => {
  const account = standing({
    plans: [
      { plan: 'starter', from_us: 0 },
      { plan: 'pro', from_us: at('2026-11-16T00:00:00Z') },
    ],
    grants: [
      { source: 'a', month_us: NOVEMBER, credits: 1_250_000 },
      { source: 'b', month_us: NOVEMBER, credits: -50 },
      { source: 'c', month_us: DECEMBER, credits: 7 },
    ],
  })
  expect(includedCredits(account, NOVEMBER)).toBe(500_000 + 1_250_000 - 50)
  expect(includedCredits(account, DECEMBER)).toBe(3_000_000 + 7)
})

test('an address gets the free credits once: a further account on it begins with none', () => {
  expect(includedCredits(standing(), NOVEMBER)).toBe(10_000)
  expect(includedCredits(standing({ free_credits: false }), NOVEMBER)).toBe(0)
  const paying = standing({ free_credits: false, plans: [{ plan: 'starter', from_us: 0 }] })
  expect(includedCredits(paying, NOVEMBER)).toBe(500_000)
})

test('an account’s own terms stand over its plan', () => {
  const account = standing({ terms: { credits: 5, requestsPerS: 7, connections: 2, markets: 3 } })
  expect(planAt(account, NOVEMBER)).toMatchObject({
    name: 'free',
    credits: 5,
    requestsPerS: 7,
    streams: { connections: 2, markets: 3 },
  })
})

test('an account’s own credits are those of every month, whatever its invoices grant or take', () => {
  const grants = [{ source: 'unpaid:in_1', month_us: NOVEMBER, credits: -490_000 }]
  const plans = [{ plan: 'starter', from_us: 0 }]
  expect(includedCredits(standing({ terms: { credits: 700 }, plans, grants }), NOVEMBER)).toBe(700)
})

test('after an upgrade the cap holds for both plans’ overage together: by the dearer price', () => {
  const upgrade = at('2026-11-10T00:00:00Z')
  const plans = [
    { plan: 'starter', from_us: 0 },
    { plan: 'scale', from_us: upgrade },
  ]
  const account = standing({ overage_cap_cents: 10_000, plans })
  const before = overageCredits(account, (upgrade - 1) as Micros)
  const later = overageCredits(account, upgrade)
  // What was spent before at $8, and what may be spent since at $4, the 100,000.
  expect(before * 8 + (later - before) * 4).toBeLessThanOrEqual(100 * 100_000)
  expect(overageCredits(account, DECEMBER)).toBe(2_500_000)
})

test.each([
  ['off', { overage_cap_cents: null }, 0],
  ['on, by the plan’s price', { overage_cap_cents: 1600 }, 200_000],
  ['rounded down', { overage_cap_cents: 1 }, 125],
  ['suspended', { overage_cap_cents: 1600, overage_suspended: 'dispute' }, 0],
  [
    'before the first paid invoice: one month’s price',
    { overage_cap_cents: 10_000, paid_once: false },
    487_500,
  ],
  [
    'on a plan that has none',
    { overage_cap_cents: 1600, plans: [{ plan: 'free', from_us: 0 }] },
    0,
  ],
])('overage %s', (_, over, credits) => {
  const account = standing({ plans: [{ plan: 'starter', from_us: 0 }], ...over })
  expect(overageCredits(account, NOVEMBER)).toBe(credits)
})
