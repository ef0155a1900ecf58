import { z } from 'zod'
import { PLAN_NAMES } from '#core/plan'
import type { Bill } from '#core/subscription'
import type { CustomerReading } from './seen.ts'

/** So many invoices are shown. */
const SHOWN = 24

/** What is kept of a customer for its owner to read, also while Stripe cannot be asked. */
export const billingSummary = z.object({
  status: z.string().nullable(),
  from_us: z.int().nullable(),
  to_us: z.int().nullable(),
  cancel_at_us: z.int().nullable(),
  pending: z.boolean(),
  paid_plan: z.enum(PLAN_NAMES).nullable(),
  invoices: z.array(
    z.object({
      id: z.string(),
      number: z.string().nullable(),
      created_us: z.int(),
      status: z.string(),
      total_cents: z.int(),
      url: z.string().nullable(),
    }),
  ),
})
export type BillingSummary = z.infer<typeof billingSummary>

/** The little of what Stripe told that is kept. */
export function summaryOf({ current, paidPlan }: Bill, reading: CustomerReading): BillingSummary {
  return {
    status: current?.status ?? null,
    from_us: current?.fromUs ?? null,
    to_us: current?.toUs ?? null,
    cancel_at_us: current?.cancelAtUs ?? null,
    pending: current?.pending ?? false,
    paid_plan: paidPlan,
    invoices: reading.invoices.slice(0, SHOWN).map((invoice) => ({
      id: invoice.id,
      number: invoice.number,
      created_us: invoice.created * 1_000_000,
      status: invoice.status ?? 'draft',
      total_cents: invoice.total,
      url: invoice.hosted_invoice_url ?? null,
    })),
  }
}
