import type { Micros } from '../../core/instant.ts'
import type { PlanName } from '../../core/plan.ts'
import { changePlan } from '../../worker/billing/change-plan.ts'
import { openCheckout } from '../../worker/billing/checkout.ts'
import { setOverageCap } from '../../worker/billing/overage.ts'
import { setUpStripe } from '../../worker/billing/set-up.ts'
import { needStripe } from '../../worker/billing/stripe.ts'
import { takeEvent } from '../../worker/billing/take-event.ts'
import type { Env } from '../../worker/env.ts'
import { Account as RealAccount } from '../../worker/main.ts'
import { runJobs } from '../../worker/scheduled.ts'

export { FeedShard, Gateway, MarketBook, StreamTickets } from '../../worker/main.ts'

/** The clock of whoever runs us, ms: its objects and the Worker are in one isolate. */
let clockMs = Date.now()
/** How an account's object is damaged on purpose; null for not at all. */
let damage: string | null = null

/** An account that lives by that clock. */
export class Account extends RealAccount {
  protected override nowMs(): number {
    return clockMs
  }

  override settle(requestId: string, credits: number, failed = false): Promise<void> {
    const harmed = damage === 'settles_failures' && failed
    return harmed ? super.settle(requestId, 5, false) : super.settle(requestId, credits, failed)
  }
}

type Given = Readonly<Record<string, unknown>>
type Call = (env: Env, given: Given) => Promise<unknown>

const CALLS: Readonly<Record<string, Call>> = {
  clock: (_, { ms, damage: kind }) => {
    clockMs = Number(ms)
    damage = typeof kind === 'string' ? kind : null
    return Promise.resolve(null)
  },
  setup: async (env, { url }) => {
    const { stripe, livemode } = needStripe(env)
    const { made } = await setUpStripe(stripe, { publicUrl: String(url), livemode })
    return made
  },
  spend: (env, { account, keyId, id, credits }) =>
    env.ACCOUNT.getByName(String(account)).spend({
      requestId: String(id),
      keyId: String(keyId),
      rev: 1,
      route: '/v1/billing-chaos',
      credits: Number(credits),
      counts: true,
    }),
  settle: async (env, { account, id, credits, failed }) => {
    const stub = env.ACCOUNT.getByName(String(account))
    await stub.settle(String(id), Number(credits), failed === true)
  },
  close: (env, { account }) => env.ACCOUNT.getByName(String(account)).closeDue(),
  limits: (env, { account }) => env.ACCOUNT.getByName(String(account)).limits(),
  jobs: (env) => runJobs(env, clockMs),
  checkout: (env, { account, plan }) => {
    const accountId = String(account)
    const who = { accountId, email: `${accountId}@example.test` }
    return openCheckout(env, who, plan as PlanName, nowUs())
  },
  plan: (env, { account, plan }) => changePlan(env, String(account), plan as PlanName, nowUs()),
  cap: (env, { account, cents }) =>
    setOverageCap(env, String(account), cents as number | null, nowUs()),
}

function nowUs(): Micros {
  return (clockMs * 1000) as Micros
}

/** The Worker's billing for tests that tell it the time. */
const billing = {
  fetch: async (request, env) => {
    const { pathname } = new URL(request.url)
    try {
      if (pathname === '/chaos/stripe/webhook') {
        const signature = request.headers.get('stripe-signature')
        const { kind } = await takeEvent(env, await request.text(), signature, nowUs())
        return new Response(kind, { status: kind === 'taken' ? 200 : 400 })
      }
      const call = CALLS[pathname.slice('/chaos/'.length)]
      if (call === undefined) return new Response('', { status: 404 })
      const value = await call(env, await request.json())
      return Response.json({ ok: true, value: value ?? null })
    } catch (error) {
      const { code = null } = error as { code?: unknown }
      const fault = { ok: false, code, message: String(error) }
      return Response.json(fault, { status: 503 })
    }
  },
} satisfies ExportedHandler<Env>

export { billing as default }
