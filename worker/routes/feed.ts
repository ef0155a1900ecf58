import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'
import { sameSecret } from '../hmac.ts'
import { shardStub } from '../live/stubs.ts'
import { refuse } from '../refuse.ts'
import { handOn, refusePlain } from '../upgrade.ts'

/** `GET /internal/feed/{shard}`, upgraded: the collector's way in, checked before any object is. */
export function addFeed(app: OpenAPIHono<App>): void {
  app.get('/internal/feed/:shard', async (c) => {
    const { FEED_TOKEN, FEED_TOKEN_NEXT, FEED_SHARDS } = settingsOf(c.env)
    if (FEED_TOKEN === null || FEED_SHARDS === null) {
      return refuse(c, { code: 'upstream_degraded', message: 'no feed is configured' })
    }
    const given = /^Bearer (\S+)$/.exec(c.req.header('Authorization') ?? '')?.[1] ?? ''
    // Both are compared whatever the first says.
    const known = await Promise.all([
      sameSecret(given, FEED_TOKEN),
      sameSecret(given, FEED_TOKEN_NEXT ?? FEED_TOKEN),
    ])
    if (!known.includes(true)) {
      return refuse(c, { code: 'unauthorized', message: 'the feed’s token is needed' })
    }
    const shard = c.req.param('shard')
    if (!/^\d{1,4}$/.test(shard) || Number(shard) >= FEED_SHARDS) {
      const message = `there are shards 0 to ${FEED_SHARDS - 1}`
      return refuse(c, { code: 'not_found', param: 'shard', message })
    }
    return refusePlain(c) ?? handOn(c, shardStub(c.env, Number(shard), FEED_SHARDS), {})
  })
}
