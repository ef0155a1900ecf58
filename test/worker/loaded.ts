import { exports } from 'cloudflare:workers'
import { beforeAll } from 'vitest'

// The whole Worker is loaded by its first request: before the first test of a file, so that this has its time for itself.
beforeAll(async () => {
  const answer = await exports.default.fetch(new Request('https://kalshibook.test/v1/nowhere'))
  await answer.text()
})
