import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { isBehind, isPageKey, keyRefusal } from '#core/key-standing'
import { isInPaymentTrouble, termsAt } from '#core/terms'
import {
  ALL_VISITORS,
  isVisitors,
  periodOf,
  visitorStanding,
  visitorsOf,
} from '#core/visitor-standing'

const at = (text: string) => (Date.parse(text) * 1000) as Micros
const NOW = at('2026-11-20T12:00:00Z')
const ours = visitorStanding(ALL_VISITORS)
const key = { id: 'k', rev: 3, expires_us: null, revoked_us: null, month_cap: null }

test('a key is good until it is revoked, has expired, or its account is closed', () => {
  const past = (NOW - 1) as Micros
  const ahead = (NOW + 1) as Micros
  expect(keyRefusal(ours, key, NOW)).toBeNull()
  expect(keyRefusal(ours, { ...key, revoked_us: ahead, expires_us: ahead }, NOW)).toBeNull()
  expect(keyRefusal(ours, { ...key, revoked_us: past }, NOW)).toMatchObject({ code: 'key_revoked' })
  expect(keyRefusal(ours, { ...key, expires_us: NOW }, NOW)).toMatchObject({ code: 'unauthorized' })
  expect(keyRefusal(ours, undefined, NOW)).toMatchObject({ code: 'unauthorized' })
  expect(keyRefusal(ours, 'ours', NOW)).toBeNull()
  expect(keyRefusal({ ...ours, closed: true }, 'ours', NOW)).toMatchObject({ code: 'unauthorized' })
})

test('what is known of a key is behind when the edge names a later rev, or a key that is not known', () => {
  expect(isBehind(key, 3)).toBe(false)
  expect(isBehind(key, 2)).toBe(false)
  expect(isBehind(key, 4)).toBe(true)
  expect(isBehind(undefined, 1)).toBe(true)
  expect(isPageKey('page:1')).toBe(true)
  expect(isPageKey('7d1b7f0e')).toBe(false)
})

test('terms hold until the next change of plan', () => {
  const december = at('2026-12-01T00:00:00Z')
  const account = {
    ...ours,
    terms: {},
    plans: [
      { plan: 'starter' as const, from_us: 0 as Micros },
      { plan: 'free' as const, from_us: december },
    ],
  }
  const november = at('2026-11-01T00:00:00Z')
  const terms = termsAt(account, november, NOW)
  expect(terms).toMatchObject({ included: 500_000, overage: 0, fromUs: 0, untilUs: december })
  expect(terms.plan.name).toBe('starter')
  const later = termsAt(account, december, december)
  expect(later).toMatchObject({ included: 10_000, fromUs: december, untilUs: Infinity })
  expect(isInPaymentTrouble(account)).toBe(false)
  expect(isInPaymentTrouble({ ...account, grace_until_us: NOW })).toBe(true)
  expect(isInPaymentTrouble({ ...account, overage_suspended: 'dispute' })).toBe(true)
})

test('visitors spend by the day, accounts by the month', () => {
  const visitors = visitorsOf('203.0.113.0/24')
  expect(isVisitors(visitors)).toBe(true)
  expect(isVisitors('7d1b7f0e-0000-4000-8000-000000000000')).toBe(false)
  const day = at('2026-11-20T00:00:00Z')
  expect(periodOf(visitors, NOW)).toEqual({ fromUs: day, toUs: at('2026-11-21T00:00:00Z') })
  expect(periodOf('an account', NOW)).toEqual({
    fromUs: at('2026-11-01T00:00:00Z'),
    toUs: at('2026-12-01T00:00:00Z'),
  })
  expect(visitorStanding(visitors).terms.credits).toBeLessThan(ours.terms.credits ?? 0)
})
