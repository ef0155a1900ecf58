import { describe, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { cappedCredits, type OnPlan, planMove } from '#core/plan-move'

/** 2026-11-16 00:00 UTC: half of a month is left. */
const MIDDLE = (Date.UTC(2026, 10, 16) * 1000) as Micros
const DECEMBER = Date.UTC(2026, 11, 1) * 1000
const FREE: OnPlan = { plan: 'free', next: null, subscribed: false, unpaid: false }
const PRO: OnPlan = { plan: 'pro', next: null, subscribed: true, unpaid: false }

describe('what choosing a plan would do', () => {
  test('the rest of the month is paid for at once, by the second', () => {
    expect(planMove(FREE, 'pro', MIDDLE)).toEqual({
      kind: 'subscribe',
      nowCents: 7450,
      nowCredits: 1_500_000,
    })
    expect(planMove(PRO, 'scale', MIDDLE)).toEqual({
      kind: 'upgrade',
      nowCents: 24_950 - 7450,
      nowCredits: 6_000_000,
    })
  })

  test('less comes at the end of the month', () => {
    expect(planMove(PRO, 'starter', MIDDLE)).toEqual({ kind: 'downgrade', fromUs: DECEMBER })
    expect(planMove(PRO, 'free', MIDDLE)).toEqual({ kind: 'cancel', fromUs: DECEMBER })
  })

  test('what was agreed can be taken back, and need not be asked for again', () => {
    const leaving: OnPlan = { ...PRO, next: 'free' }
    expect(planMove(leaving, 'pro', MIDDLE)).toEqual({ kind: 'keep' })
    expect(planMove(leaving, 'free', MIDDLE)).toEqual({ kind: 'agreed', fromUs: DECEMBER })
    expect(planMove(leaving, 'starter', MIDDLE).kind).toBe('downgrade')
    expect(planMove(PRO, 'pro', MIDDLE)).toEqual({ kind: 'stay' })
    expect(planMove(FREE, 'free', MIDDLE)).toEqual({ kind: 'stay' })
  })

  test('who owes a month buys nothing more, and may still leave', () => {
    const owing: OnPlan = { ...PRO, unpaid: true }
    expect(planMove(owing, 'scale', MIDDLE)).toEqual({ kind: 'unpaid' })
    expect(planMove(owing, 'free', MIDDLE).kind).toBe('cancel')
    const lapsed: OnPlan = { ...owing, plan: 'free' }
    expect(planMove(lapsed, 'starter', MIDDLE)).toEqual({ kind: 'unpaid' })
    expect(planMove(lapsed, 'free', MIDDLE).kind).toBe('cancel')
  })
})

test('a cap in dollars is so many credits', () => {
  expect(cappedCredits('starter', 800)).toBe(100_000)
  expect(cappedCredits('scale', 1)).toBe(250)
  expect(cappedCredits('free', 5000)).toBe(0)
})
