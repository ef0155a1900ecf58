import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Micros } from '#core/instant'
import type { App } from '../context.ts'
import type { Env } from '../env.ts'
import { logFault } from '../log-fault.ts'
import { only } from '../middleware/only.ts'
import { nowUs } from '../now.ts'
import { readBody } from '../read-body.ts'
import { refuse } from '../refuse.ts'
import { MOST_EVENT_BYTES, type Taken, takeEvent } from './take-event.ts'
import { takeMeterEvent } from './take-meter-event.ts'

type Take = (env: Env, body: string, signature: string | null, nowUs: Micros) => Promise<Taken>

/** `POST /stripe/webhook` and `/stripe/meter-events`, which Stripe calls. */
export function addStripeWebhooks(app: OpenAPIHono<App>): void {
  app.use('/stripe/*', only('POST'))
  app.post('/stripe/webhook', (c) => take(c, takeEvent))
  app.post('/stripe/meter-events', (c) => take(c, takeMeterEvent))
}

async function take(c: Context<App>, by: Take): Promise<Response> {
  const body = await readBody(c.req.raw, MOST_EVENT_BYTES)
  if (body === null) {
    const message = `a body may have ${MOST_EVENT_BYTES} bytes`
    return refuse(c, { code: 'invalid_param', param: 'body', message })
  }
  const signature = c.req.header('Stripe-Signature') ?? null
  try {
    const taken = await by(c.env, body, signature, nowUs())
    switch (taken.kind) {
      case 'taken':
        return c.json({ received: true })
      case 'off':
        return refuse(c, { code: 'upstream_degraded', message: 'no webhooks are taken here' })
      case 'refused':
        return refuse(c, { code: 'forbidden', message: `this webhook is ${taken.why}` })
    }
  } catch (error) {
    // It is sent again, and what was kept of it is dealt with by the schedule.
    logFault(error, c.get('requestId'))
    return refuse(c, { code: 'upstream_degraded', message: 'this cannot be dealt with now' })
  }
}
