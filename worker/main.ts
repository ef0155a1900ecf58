import { makeApp } from './app.ts'
import type { Env } from './env.ts'
import { runJobs } from './scheduled.ts'

export { Account } from './account/account.ts'
export { FeedShard } from './live/feed-shard.ts'
export { Gateway } from './live/gateway.ts'
export { MarketBook } from './live/market-book.ts'
export { StreamTickets } from './live/stream-tickets.ts'

const app = makeApp()

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  scheduled: (controller, env) => runJobs(env, controller.scheduledTime),
} satisfies ExportedHandler<Env>
