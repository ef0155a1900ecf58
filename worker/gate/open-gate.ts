import type { Context } from 'hono'
import { z } from 'zod'
import { BURST_S, PLAN_NAMES, PLANS, planOf } from '#core/plan'
import { type App, readAccounts } from '../context.ts'
import { DatabaseAwayError } from '../database.ts'
import { nowUs } from '../now.ts'
import type { Caller } from './caller.ts'

/** Credits that may be let through at most without the account's word. */
const MOST_CREDITS = 1

const passed = z.object({
  plan: z.enum(PLAN_NAMES),
  open: z.boolean(),
  /** Requests that went through since it was opened. */
  passed: z.int(),
})

/** Whether a request may go on without its account's word. */
export type Pass =
  | { readonly kind: 'closed' }
  | { readonly kind: 'full' }
  | {
      readonly kind: 'open'
      readonly plan: (typeof PLAN_NAMES)[number]
      readonly remaining: number
    }

/** Requests a second of each plan, as the store reads them. */
const RATES = JSON.stringify(
  Object.fromEntries(Object.values(PLANS).map(({ name, requestsPerS }) => [name, requestsPerS])),
)

/**
 * Lets a request of a paid plan through while its account's object cannot be reached: once an hour for 30 s, at the plan's
 * rate, for a credit at most. It is written down, to be spent by the object afterwards.
 */
export async function passGate(
  c: Context<App>,
  caller: Caller,
  ask: { readonly requestId: string; readonly route: string; readonly credits: number },
): Promise<Pass> {
  if (caller.kind !== 'account' || caller.plan === 'free') return { kind: 'closed' }
  if (ask.credits > MOST_CREDITS) return { kind: 'closed' }
  const { requestId, route, credits } = ask
  const { accountId, keyId } = caller
  try {
    const word = await readAccounts(c, async (sql) => {
      const [row] = await sql`
        select kb.pass_gate(${requestId}, ${accountId}, ${keyId}, ${route}, ${credits}::int4,
          ${RATES}::text::jsonb, ${BURST_S}::int4, ${nowUs()}::int8) as word`
      return row?.['word'] as unknown
    })
    const read = passed.safeParse(word)
    if (!read.success) return { kind: 'closed' }
    const { plan, open } = read.data
    const remaining = planOf(plan).requestsPerS * BURST_S - read.data.passed
    return open ? { kind: 'open', plan, remaining: Math.max(0, remaining) } : { kind: 'full' }
  } catch (error) {
    if (error instanceof DatabaseAwayError) return { kind: 'closed' }
    throw error
  }
}

/** Corrects what a request that was let through is to be spent at. Throws DatabaseAwayError. */
export function settlePassed(c: Context<App>, requestId: string, credits: number): Promise<void> {
  return readAccounts(c, async (sql) => {
    await sql`
      update kb.gate_journal set credits = ${credits}
      where request_id = ${requestId} and spent_us is null`
  })
}
