import { expect, test } from 'vitest'
import { normalAddress } from '#core/normal-address'

test('spellings that reach the same box are one address', () => {
  for (const [given, normal] of [
    ['Ann@Example.com', 'ann@example.com'],
    [' ann+kalshi@example.com', 'ann@example.com'],
    ['ann+a+b@example.com.', 'ann@example.com'],
    ['a.n.n@gmail.com', 'ann@gmail.com'],
    ['A.N.N+x@GoogleMail.com', 'ann@gmail.com'],
    ['ann-shop@yahoo.com', 'ann@yahoo.com'],
    ['a.nn@pm.me', 'ann@proton.me'],
    ['ann@protonmail.com', 'ann@proton.me'],
    ['ann@me.com', 'ann@icloud.com'],
    ['ann@ya.ru', 'ann@yandex.ru'],
  ] as const) {
    expect(normalAddress(given), given).toBe(normal)
  }
})

test('spellings that may be other people’s boxes are other addresses', () => {
  expect(normalAddress('a.n.n@example.com')).toBe('a.n.n@example.com')
  expect(normalAddress('ann-shop@example.com')).toBe('ann-shop@example.com')
  expect(normalAddress('+x@example.com')).toBe('+x@example.com')
  expect(normalAddress('-x@yahoo.com')).toBe('-x@yahoo.com')
})
