import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { countedNetwork } from '#core/new-accounts'
import { countedAttempt } from '#core/sign-in-limits'

const NOW = 1_795_343_400_000_001 as Micros

test('an attempt is counted for its address and for its network, each in its own span', () => {
  const who = { mail: 'ann@example.com', network: '203.0.113.0/24' }
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
  expect(countedAttempt('confirm', { mail: null, network: null }, NOW)).toEqual([])
})

test('this machine itself is no network that could be too busy', () => {
  expect(countedNetwork('127.0.0.0/24')).toBeNull()
  expect(countedNetwork('0:0:0:0::/64')).toBeNull()
  expect(countedNetwork('203.0.113.0/24')).toBe('203.0.113.0/24')
})
