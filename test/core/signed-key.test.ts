import { expect, test } from 'vitest'
import { readSignedKey, unsignedKey, uuidOf } from '#core/signed-key'

const NONCE = '0123456789abcdef'
const ACCOUNT = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'
const SIGNATURE = '-_'.repeat(21).concat('x')

test('what is signed is read as it was made', () => {
  const page = unsignedKey('page', 1_795_000_000, ACCOUNT, NONCE)
  expect(readSignedKey(`${page}_${SIGNATURE}`)).toEqual({
    kind: 'page',
    expiresS: 1_795_000_000,
    account: ACCOUNT.replaceAll('-', ''),
    unsigned: page,
    signature: SIGNATURE,
  })
  expect(uuidOf(ACCOUNT.replaceAll('-', ''))).toBe(ACCOUNT)
  const visitor = unsignedKey('test', 0, null, NONCE)
  expect(readSignedKey(`${visitor}_${SIGNATURE}`)).toMatchObject({ kind: 'test', account: '' })
})

test.each([
  '',
  'kb_test_',
  unsignedKey('test', 5, null, NONCE),
  `${unsignedKey('test', 5, ACCOUNT, NONCE)}_${SIGNATURE}`,
  `${unsignedKey('page', 5, null, NONCE)}_${SIGNATURE}`,
  `${unsignedKey('test', 5, null, NONCE)}_${SIGNATURE}x`,
  `${unsignedKey('test', 5, null, NONCE)}_${SIGNATURE}\n`,
  `${unsignedKey('test', 5, null, `${NONCE}0`)}_${SIGNATURE}`,
  `kb_test_2a_${NONCE}_${SIGNATURE}`,
])('%j is none', (text) => {
  expect(readSignedKey(text)).toBeNull()
})
