import { expect, test } from 'vitest'
import { LaggingKv } from './lagging-kv.ts'

test('what is written is read when the lag is over, and what was before until then', async () => {
  const kv = new LaggingKv(90_000)
  await kv.put('key:a', 'old')
  expect(await kv.get('key:a')).toBeNull()
  kv.pass(90_000)
  expect(await kv.get('key:a')).toBe('old')
  await kv.put('key:a', 'new')
  kv.pass(89_999)
  expect(await kv.get('key:a')).toBe('old')
  kv.pass(1)
  expect(await kv.get('key:a')).toBe('new')
  await kv.delete('key:a')
  kv.pass(90_000)
  expect(await kv.get('key:a')).toBeNull()
})
