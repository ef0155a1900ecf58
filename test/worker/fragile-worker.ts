import type { Env } from '../../worker/env.ts'
import worker, { Gateway as SoundGateway } from '../../worker/main.ts'

export { Account, FeedShard, MarketBook, StreamTickets } from '../../worker/main.ts'

const CRASH = '/crash/gateway/'

/** A Gateway that can be made to crash: while it has customers it is never evicted by itself. */
export class Gateway extends SoundGateway {
  crash(): void {
    this.ctx.abort('it was told to crash')
  }
}

/** The Worker for tests that hurt it. */
const fragile = {
  fetch: async (request, env, ctx) => {
    const { pathname } = new URL(request.url)
    if (!pathname.startsWith(CRASH)) return worker.fetch(request, env, ctx)
    const gateways = env.GATEWAY as unknown as DurableObjectNamespace<Gateway>
    // The crash is the only answer.
    await gateways
      .getByName(pathname.slice(CRASH.length))
      .crash()
      .catch(() => {})
    return new Response('crashed')
  },
  scheduled: worker.scheduled,
} satisfies ExportedHandler<Env>

export { fragile as default }
