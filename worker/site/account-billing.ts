import type { Context } from 'hono'
import { z } from 'zod'
import { PLAN_NAMES, PLANS } from '#core/plan'
import type { OnPlan } from '#core/plan-move'
import type { App } from '../context.ts'
import { type OwnError, ownCall } from './own-call.ts'

const invoice = z.object({
  id: z.string(),
  number: z.string().nullable(),
  created: z.string().nullable(),
  status: z.string(),
  total_cents: z.int(),
  url: z.string().nullable(),
})
export type ShownInvoice = z.infer<typeof invoice>

/** What `/account/billing` tells. */
const billing = z.object({
  plan: z.enum(PLAN_NAMES),
  next_plan: z.object({ plan: z.enum(PLAN_NAMES), from: z.string().nullable() }).nullable(),
  wanted_plan: z.enum(PLAN_NAMES).nullable(),
  period: z.object({ from: z.string(), to: z.string() }),
  overage: z.object({
    cap_cents: z.int().nullable(),
    suspended: z.string().nullable(),
    credits: z.int(),
    cents: z.int(),
  }),
  /** Of the subscription, in Stripe's words; `none` without one. */
  state: z.string(),
  grace_until: z.string().nullable(),
  /** `overage`: how many the cap buys this month. */
  credits: z
    .object({ included: z.int(), used: z.int(), left: z.int(), overage: z.int() })
    .nullable(),
  invoices: z.array(invoice),
})
export type Billing = z.infer<typeof billing>

export type BillingAnswer =
  | { readonly ok: true; readonly billing: Billing }
  | { readonly ok: false; readonly error: OwnError }

/** The billing of who is signed in. */
export async function readBilling(c: Context<App>): Promise<BillingAnswer> {
  const answer = await ownCall(c, '/account/billing')
  return answer.ok ? { ok: true, billing: billing.parse(answer.data) } : answer
}

/** How an account is on its plan. */
export function onPlan({ plan, next_plan, state, overage, grace_until }: Billing): OnPlan {
  return {
    plan,
    next: next_plan?.plan ?? null,
    subscribed: state !== 'none',
    unpaid: grace_until !== null || overage.suspended === 'unpaid',
  }
}

/** Whether credits beyond the plan may be spent: `none` are sold to it, or they are `off`, `suspended` or `on`. */
export function overageState({ plan, overage }: Billing): 'none' | 'off' | 'suspended' | 'on' {
  if (PLANS[plan].overageCents === null) return 'none'
  if (overage.cap_cents === null || overage.cap_cents === 0) return 'off'
  return overage.suspended === null ? 'on' : 'suspended'
}

/** The invoice that waits for its payment, the latest one; null for none. */
export function openInvoice({ invoices }: Billing): ShownInvoice | null {
  return invoices.find(({ status, url }) => status === 'open' && url !== null) ?? null
}
