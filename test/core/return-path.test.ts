import { expect, test } from 'vitest'
import { returnPath } from '#core/return-path'

test('only a page of ours is gone on to, never another host’s, however it is spelt', () => {
  for (const page of ['/dashboard', '/dashboard/keys', '/dashboard/keys?first=1', '/playground']) {
    expect(returnPath(page, '/')).toBe(page)
  }
  for (const wanted of [
    undefined,
    '',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example/dashboard',
    'javascript:alert(1)',
    '/dashboard/../../evil',
    '/dashboard?next=//evil.example',
    ' /dashboard',
    '/dashboard\n',
    '/account/keys',
  ]) {
    expect(returnPath(wanted, '/dashboard'), wanted).toBe('/dashboard')
  }
})
