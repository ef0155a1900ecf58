import { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../worker/context.ts'
import type { Env } from '../worker/env.ts'
import type { Meter } from '../worker/gate/meter.ts'
import worker from '../worker/main.ts'
import { cors } from '../worker/middleware/cors.ts'
import { requestId } from '../worker/middleware/request-id.ts'
import { addOrderbook } from '../worker/routes/orderbook.ts'

export {
  Account,
  FeedShard,
  Gateway,
  MarketBook,
  StreamTickets,
} from '../worker/main.ts'

/** Whoever asks with this header is not asked who he is, and pays nothing. */
const UNGATED = 'Bench-Ungated'

/** The one route that is measured, with all but authentication and spending. */
function ungatedApp(): OpenAPIHono<App> {
  const app = new OpenAPIHono<App>()
  app.use('*', requestId)
  app.use('/v1/*', cors, async (c, next) => {
    c.set('caller', {
      kind: 'account',
      accountId: '',
      keyId: '',
      rev: 1,
      plan: 'scale',
      scopes: ['live', 'history'],
      spendsFrom: [''],
    })
    c.set('dryRun', false)
    const admitted = { ok: true, plan: 'scale', rate: null, left: null } as const
    c.set('meter', { admitted: () => Promise.resolve(admitted) } as unknown as Meter)
    await next()
  })
  addOrderbook(app)
  return app
}

const ungated = ungatedApp()

/** The product's Worker, and beside it the measured route without the gate. */
const beside = {
  fetch: (request, env, ctx) =>
    request.headers.has(UNGATED)
      ? ungated.fetch(request, env, ctx)
      : worker.fetch(request, env, ctx),
  scheduled: worker.scheduled,
} satisfies ExportedHandler<Env>

export { beside as default }
