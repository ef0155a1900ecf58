import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { z } from 'zod'
import { PLAN_NAMES } from '#core/plan'
import { accountNow } from '../account/account-now.ts'
import type { App } from '../context.ts'
import { only } from '../middleware/only.ts'
import { nowUs } from '../now.ts'
import { answerPerson } from '../people/answer-person.ts'
import { parseFields } from '../people/read-fields.ts'
import { requireSession } from '../people/session.ts'
import { refuse } from '../refuse.ts'
import { showBilling } from './billing-view.ts'
import { changePlan } from './change-plan.ts'
import { openCheckout, type PageAnswer } from './checkout.ts'
import { setOverageCap } from './overage.ts'
import { openPortal } from './portal.ts'
import { isStripeAway } from './stripe.ts'

const subscribing = z.object({ plan: z.enum(['starter', 'pro', 'scale']) })
const changing = z.object({ plan: z.enum(PLAN_NAMES) })
/** Ten thousand dollars a month; who needs more has terms of its own. */
const CAP = 'must be a whole number of cents from 0 to 1000000, or null for none'
const capping = z.object({ cap_cents: z.int(CAP).min(0, CAP).max(1_000_000, CAP).nullable() })

/** `/account/billing` and what changes it: for who is signed in, and what costs money only just after they have. */
export function addBilling(app: OpenAPIHono<App>): void {
  app.use('/account/billing', only('GET'))
  for (const name of ['checkout', 'plan', 'portal', 'overage']) {
    app.use(`/account/${name}`, only('POST'))
  }

  app.get('/account/billing', async (c) => {
    const checked = await requireSession(c)
    if (!checked.ok) return refuse(c, checked.error)
    const { accountId } = checked.session
    const [shown, standing] = await Promise.all([
      showBilling(c.env, accountId, nowUs()),
      accountNow(c.env, accountId),
    ])
    const credits = standing && {
      included: standing.included,
      used: standing.used,
      left: standing.left,
      overage: standing.overageCap,
    }
    return answerPerson(c, shown && { ...shown, credits })
  })

  app.post('/account/checkout', async (c) => {
    const asked = await askedBy(c, subscribing)
    if (!asked.ok) return asked.refusal
    const { session, fields } = asked
    return answerPage(c, () => openCheckout(c.env, session, fields.plan, nowUs()))
  })

  app.post('/account/portal', async (c) => {
    const checked = await requireSession(c, { fresh: true })
    if (!checked.ok) return refuse(c, checked.error)
    return answerPage(c, () => openPortal(c.env, checked.session.accountId))
  })

  app.post('/account/plan', async (c) => {
    const asked = await askedBy(c, changing)
    if (!asked.ok) return asked.refusal
    const { accountId } = asked.session
    const changed = await changePlan(c.env, accountId, asked.fields.plan, nowUs())
    if (!changed.ok) return refuse(c, changed.error)
    const shown = await showBilling(c.env, accountId, nowUs())
    return answerPerson(c, { change: changed.state, ...shown })
  })

  app.post('/account/overage', async (c) => {
    const asked = await askedBy(c, capping)
    if (!asked.ok) return asked.refusal
    const { session, fields } = asked
    const set = await setOverageCap(c.env, session.accountId, fields.cap_cents, nowUs())
    return set.ok ? answerPerson(c, { cap_cents: set.capCents }) : refuse(c, set.error)
  })
}

/** Who asks, having signed in just now, and what for; or the refusal. */
async function askedBy<Schema extends z.ZodType>(c: Context<App>, schema: Schema) {
  const checked = await requireSession(c, { fresh: true })
  if (!checked.ok) return { ok: false, refusal: refuse(c, checked.error) } as const
  const asked = await parseFields(c, schema)
  if (!asked.ok) return { ok: false, refusal: refuse(c, asked.error) } as const
  return { ok: true, session: checked.session, fields: asked.fields } as const
}

async function answerPage(c: Context<App>, open: () => Promise<PageAnswer>): Promise<Response> {
  try {
    const page = await open()
    return page.ok ? await answerPerson(c, { url: page.url }) : refuse(c, page.error)
  } catch (error) {
    if (!isStripeAway(error)) throw error
    const message = 'payments cannot be reached now; nothing was changed'
    return refuse(c, { code: 'upstream_degraded', message, retryAfterMs: 5000 })
  }
}
