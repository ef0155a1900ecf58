import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { makeApp } from '../../worker/app.ts'
import type { Env } from '../../worker/env.ts'
import { sampleFeed } from '../../worker/status/sample-feed.ts'

const AWAY = { connectionString: 'postgres://kb_reader@127.0.0.1:1/none' } as Hyperdrive
const BEAT = { sent_us: 0, upstream_age_ms: 10, lag_p50_ms: 2, lag_p99_ms: 2500, stale: 0, gaps: 0 }
const HEALTHY = { feed: 'healthy', watched: 1234, beat: { ...BEAT, age_ms: 5 } }

/** What the page says, without its marks, when the shard says this of itself; null for one that is away. */
async function textOf(shard: object | null, changed: Partial<Env> = {}, query = '') {
  const status = () =>
    shard === null ? Promise.reject(new Error('the shard is away')) : Promise.resolve(shard)
  const shards = { getByName: () => ({ status }) } as unknown as Env['FEED_SHARD']
  const ctx = createExecutionContext()
  const response = await makeApp().fetch(
    new Request(`https://kalshibook.test/status${query}`),
    { ...env, FEED_SHARD: shards, ...changed },
    ctx,
  )
  await waitOnExecutionContext(ctx)
  expect(response.status).toBe(200)
  const html = await response.text()
  const text = html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
  return { html, text }
}

test('the status page tells how the feed does, and where nobody looked yet it says so', async () => {
  const { text } = await textOf(HEALTHY)
  expect(text).toContain('The feed is healthy.')
  expect(text).toContain('Lag, 99 in 100 2.5 s')
  expect(text).toContain('1,234')
  expect(text).toContain('The feed was not looked at yet.')
  expect(text).toContain('No day was counted yet.')
})

test('while the collector is away the page says that the feed is down', async () => {
  const { html, text } = await textOf(null)
  expect(text).toContain('The feed is down: no live books.')
  expect(text).toContain('Lag, median not known')
  expect(html).toContain('class="pill down"')
  const last = await textOf({ ...HEALTHY, feed: 'down' })
  expect(last.text).toContain('Lag, median not known')
  expect(last.text).toContain('Stale books not known')
})

test('while the record cannot be read the page says what is not known', async () => {
  const { text } = await textOf(HEALTHY, { HYPERDRIVE_READER: AWAY })
  expect(text).toContain('The feed is healthy.')
  expect(text).toContain('The record cannot be read now')
  expect(text).toContain('Open gaps not known')
  expect(text).toContain('The past cannot be read now')
  expect(text).not.toContain('Incidents None')
})

test('the page shows a day, a week or a month, and a week when it is asked for anything else', async () => {
  const links = async (query: string) => (await textOf(HEALTHY, {}, query)).html
  expect(await links('?days=30')).toContain('/v1/status/history?days=30')
  expect(await links('?days=5')).toContain('/v1/status/history?days=7')
})

test('of a time before the feed was looked at the page does not say that it had no incident', async () => {
  const status = () => Promise.resolve(HEALTHY)
  const shards = { getByName: () => ({ status }) } as unknown as Env['FEED_SHARD']
  await sampleFeed({ ...env, FEED_SHARD: shards }, (Date.now() * 1000) as Micros)
  const { text } = await textOf(HEALTHY, {}, '?days=30')
  expect(text).toMatch(/Incidents None since 20/)
})
