import { expect, test } from 'vitest'
import { addressPrefix } from '#core/address-prefix'

test('an address is counted with its /24, or with its /64', () => {
  for (const [address, prefix] of [
    ['203.0.113.77', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['::ffff:cb00:714d', '203.0.113.0/24'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:0:0:ffff::2', '2001:db8:0:0::/64'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['64:ff9b::203.0.113.77', '64:ff9b:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ] as const) {
    expect(addressPrefix(address), address).toBe(prefix)
  }
})

test('what is no address is counted with none', () => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'g::1',
    ':::',
  ]) {
    expect(addressPrefix(text), text).toBeNull()
  }
})
