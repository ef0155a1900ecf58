import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { countedNetwork } from '#core/new-accounts'
import { countedAttempt } from '#core/sign-in-limits'

const NOW = 1_795_343_400_000_001 as Micros

test('an attempt is counted for its address and for its network, each in its own span', () => {
  const who = { mail: 'ann@example.com', browser: null, network: '203.0.113.0/24' }
  const counted = countedAttempt('sign_in', who, NOW)
  expect(counted.map((one) => one.who)).toEqual([
    'sign_in mail ann@example.com',
    'sign_in network 203.0.113.0/24',
  ])
  for (const { fromUs, untilUs } of counted) {
    expect(fromUs).toBeLessThanOrEqual(NOW)
    expect(untilUs).toBeGreaterThan(NOW)
    expect(untilUs - fromUs).toBe(900_000_000)
  }
  const nobody = { mail: null, browser: null, network: null }
  expect(countedAttempt('confirm', nobody, NOW)).toEqual([])
})

test('a browser with which an address signed in before is counted apart from whoever else names it', () => {
  const who = { mail: 'ann@example.com', browser: 'b1', network: null }
  expect(countedAttempt('mail', who, NOW)).toMatchObject([{ who: 'mail browser b1', most: 5 }])
})

test('this machine itself is no network that could be too busy', () => {
  expect(countedNetwork('127.0.0.0/24')).toBeNull()
  expect(countedNetwork('0:0:0:0::/64')).toBeNull()
  expect(countedNetwork('203.0.113.0/24')).toBe('203.0.113.0/24')
})
