import { createHmac } from 'node:crypto'
import type { Env } from '../../worker/env.ts'
import worker from '../../worker/main.ts'

export {
  Account,
  FeedShard,
  Gateway,
  MarketBook,
  StreamTickets,
} from '../../worker/main.ts'

/** So far is this Worker's clock ahead, ms: its objects are in the same isolate. */
let aheadMs = 0
const RealDate = Date

globalThis.Date = class extends RealDate {
  constructor(...given: [] | [number | string | Date]) {
    super(given.length === 0 ? RealDate.now() + aheadMs : given[0])
  }

  static override now(): number {
    return RealDate.now() + aheadMs
  }
} as DateConstructor

/** The Worker for tests that tell it the time. */
const ahead = {
  fetch: async (request, env, ctx) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/ahead') {
      aheadMs = Number(await request.text())
      return new Response('')
    }
    if (pathname === '/alarm') {
      // Alarms come by the platform's clock, which nobody moves.
      await env.ACCOUNT.getByName(await request.text()).closeDue()
      return new Response('')
    }
    if (!pathname.startsWith('/stripe/')) return worker.fetch(request, env, ctx)
    return worker.fetch(await signedNow(request, pathname, env), env, ctx)
  },
  scheduled: worker.scheduled,
} satisfies ExportedHandler<Env>

/** A webhook that is signed as of the real second, signed as of ours. */
async function signedNow(request: Request, pathname: string, env: Env) {
  const secret = pathname.endsWith('/webhook')
    ? env.STRIPE_WEBHOOK_SECRET
    : env.STRIPE_METER_WEBHOOK_SECRET
  const body = await request.text()
  const atS = Math.floor(Date.now() / 1000)
  const mac = createHmac('sha256', secret ?? '')
    .update(`${atS}.${body}`)
    .digest('hex')
  const headers = new Headers(request.headers)
  headers.set('stripe-signature', `t=${atS},v1=${mac}`)
  const signed = new Request(request.url, { method: 'POST', headers, body })
  return signed as Request<unknown, IncomingRequestCfProperties>
}

export { ahead as default }
