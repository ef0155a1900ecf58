import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { settingsOf } from '../../worker/env.ts'

test('a number that is left empty or makes no sense is the default, and no nought', () => {
  for (const value of ['', 'many', '-1']) {
    const settings = settingsOf({
      ...env,
      FEED_SILENT_MS: value,
      FREE_WATCHES: value,
      GATEWAY_LINGER_MS: value,
    })
    expect(settings).toMatchObject({
      FEED_SILENT_MS: 5000,
      FREE_WATCHES: 1000,
      GATEWAY_LINGER_MS: 15_000,
    })
  }
  expect(settingsOf({ ...env, FREE_WATCHES: '0' }).FREE_WATCHES).toBe(0)
})
