import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { type LeaseSeen, Standby } from '#core/standby'

const OTHERS: LeaseSeen = {
  lease: 'theirs',
  holder: 'them',
  renewedAt: 1_000_000 as Micros,
  released: false,
}
const standby = (mine: string | null = null, claim: string | null = null) =>
  new Standby({ takeoverMs: 8000, mine, claim })
const renewed = (times: number): LeaseSeen => ({
  ...OTHERS,
  renewedAt: (OTHERS.renewedAt + times) as Micros,
})

/** Looks every 250 ms in this span, and answers when it was told to take, null when never. */
function takenAt(rule: Standby, see: (ms: number) => LeaseSeen | 'away', until: number) {
  for (let ms = 0; ms <= until; ms += 250) {
    const seen = see(ms)
    if (seen === 'away') rule.missed()
    else if (rule.saw(seen, ms).kind === 'take') return ms
  }
  return null
}

test('a lease that nobody ever held, that was given up, or that is our own is taken at once', () => {
  expect(standby().saw(null, 0)).toEqual({ kind: 'take', why: 'never_held' })
  expect(standby().saw({ ...OTHERS, released: true }, 0)).toEqual({ kind: 'take', why: 'released' })
  expect(standby('theirs').saw(OTHERS, 0)).toEqual({ kind: 'take', why: 'mine' })
  expect(standby(null, 'them').saw(OTHERS, 0)).toEqual({ kind: 'take', why: 'own_name' })
  expect(standby('mine', 'us').saw(OTHERS, 0)).toEqual({ kind: 'wait' })
})

test('a lease is taken after it was seen unrenewed for 8 s, not before', () => {
  expect(takenAt(standby(), () => OTHERS, 60_000)).toBe(8000)
})

test('a lease that is renewed, however late, is never taken', () => {
  expect(takenAt(standby(), (ms) => renewed(Math.floor(ms / 7900)), 600_000)).toBeNull()
})

test('a lease that another took meanwhile has its 8 s from then', () => {
  const next = { ...OTHERS, lease: 'of another' }
  expect(takenAt(standby(), (ms) => (ms < 5000 ? OTHERS : next), 60_000)).toBe(13_000)
})

test('time in which Postgres does not answer does not count', () => {
  const away = (ms: number) => (ms === 7750 ? 'away' : OTHERS)
  expect(takenAt(standby(), away, 60_000)).toBe(16_000)
})

test('looks that are far apart do not tell that Postgres was up between them', () => {
  const rule = standby()
  expect(rule.saw(OTHERS, 0)).toEqual({ kind: 'wait' })
  // As after this process was stopped for a while, in which Postgres may have been away.
  expect(rule.saw(OTHERS, 60_000)).toEqual({ kind: 'wait' })
  expect(rule.saw(OTHERS, 62_000)).toEqual({ kind: 'wait' })
  for (let ms = 64_000; ms < 68_000; ms += 2000) {
    expect(rule.saw(OTHERS, ms)).toEqual({ kind: 'wait' })
  }
  expect(rule.saw(OTHERS, 68_000)).toEqual({ kind: 'take', why: 'unrenewed' })
})
