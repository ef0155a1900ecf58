import { expect, test } from 'vitest'
import { returnPath } from '#core/return-path'

test('only a page of ours is gone on to, never another host’s, however it is spelt', () => {
  expect(returnPath('/account/keys', '/account')).toBe('/account/keys')
  for (const wanted of [
    undefined,
    '',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example/account',
    'javascript:alert(1)',
    '/account/../../evil',
    '/account?next=//evil.example',
    ' /account',
    '/account\n',
  ]) {
    expect(returnPath(wanted, '/account'), wanted).toBe('/account')
  }
})
