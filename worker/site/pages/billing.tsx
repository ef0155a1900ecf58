import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { isPlanName, PLANS, type PlanName } from '#core/plan'
import type { App } from '../../context.ts'
import { type Billing, onPlan, readBilling } from '../account-billing.ts'
import { answerRefusal } from '../answer-fault.tsx'
import { BillingPage } from '../billing/billing-page.tsx'
import { ChangePage } from '../billing/change-page.tsx'
import { answerConfirming } from '../billing/confirming-page.tsx'
import type { Attempted } from '../form-fields.tsx'
import { isFresh } from '../is-fresh.ts'
import { KEY_STYLES } from '../keys/key-styles.ts'
import { type OwnError, ownCall } from '../own-call.ts'
import { answerPage } from '../page.tsx'
import { printDollars, readDollars } from '../print-dollars.ts'
import { readForm } from '../read-form.ts'
import { type Somebody, signedInOr, signInAgain } from '../require-person.tsx'
import { formStatus } from '../say-refusal.ts'
import { sitePath } from '../site-path.ts'
import { stripeOrigins } from '../stripe-origins.ts'

const PATH = '/dashboard/billing'

/** `/dashboard/billing` and what changes it: the plan, what may be spent beyond it, and the way to Stripe’s pages. */
export function addBillingPages(app: OpenAPIHono<App>): void {
  sitePath(app, PATH)
  sitePath(app, `${PATH}/change`, 'GET', 'POST')
  sitePath(app, `${PATH}/overage`, 'POST')
  sitePath(app, `${PATH}/portal`, 'POST')

  app.get(PATH, (c) =>
    withBilling(c, (who, billing) =>
      c.req.query('checkout') === 'done' && billing.state === 'none'
        ? answerConfirming(c)
        : answerBilling(c, who, billing, null),
    ),
  )

  app.get(`${PATH}/change`, async (c) => {
    const wanted = c.req.query('plan') ?? ''
    if (!isPlanName(wanted)) return c.redirect(PATH, 303)
    const show = (who: Somebody, billing: Billing) => answerChange(c, who, billing, wanted, null)
    return withBilling(c, show, changeOf(wanted))
  })

  app.post(`${PATH}/change`, async (c) => {
    const typed = await readForm(c)
    const { plan: wanted = '', csrf_token = '' } = typed
    if (!isPlanName(wanted)) return c.redirect(PATH, 303)
    return withBilling(c, async (who, billing) => {
      const buys = !onPlan(billing).subscribed
      const way = buys ? '/account/checkout' : '/account/plan'
      const answer = await ownCall(c, way, { plan: wanted }, csrf_token)
      if (!answer.ok) {
        const attempted = { typed, error: answer.error }
        return (
          signInAgain(c, answer.error, changeOf(wanted)) ??
          answerChange(c, who, billing, wanted, attempted)
        )
      }
      const { url, change } = answer.data
      return c.redirect(buys ? String(url) : `${PATH}?change=${change}`, 303)
    })
  })

  app.post(`${PATH}/overage`, async (c) => {
    const typed = await readForm(c)
    const { cap_dollars = '', off, csrf_token = '' } = typed
    const cents = off === undefined ? readDollars(cap_dollars) : null
    // What is no amount is refused by the route as what it is: -1 cent.
    const cap_cents = off === undefined ? (cents ?? -1) : null
    const answer = await ownCall(c, '/account/overage', { cap_cents }, csrf_token)
    if (answer.ok) return c.redirect(`${PATH}?overage=${cap_cents ?? 'off'}`, 303)
    const again = signInAgain(c, answer.error, PATH)
    if (again !== null) return again
    const error = off === undefined ? capError(answer.error, cents) : answer.error
    return withBilling(c, (who, billing) => answerBilling(c, who, billing, { typed, error }))
  })

  app.post(`${PATH}/portal`, async (c) => {
    const typed = await readForm(c)
    const answer = await ownCall(c, '/account/portal', {}, typed['csrf_token'] ?? '')
    if (answer.ok) return c.redirect(String(answer.data['url']), 303)
    const { error } = answer
    return answerRefusal(c, error, PATH)
  })
}

/** A refusal of a cap, told of the field in dollars. */
function capError(error: OwnError, cents: number | null): OwnError {
  if (error.param !== 'cap_cents') return error
  const outside = cents === null || cents > 1_000_000
  const message = outside ? 'must be dollars, as 50 or 49.50, 10,000 at most' : error.message
  return { ...error, param: 'cap_dollars', message }
}

type Answer = Response | Promise<Response>

/** Where a change is told before it is made. */
function changeOf(wanted: PlanName): string {
  return `${PATH}/change?plan=${wanted}`
}

/** Shows something of the billing of who is signed in. @param next where sign-in leads back to */
async function withBilling(
  c: Context<App>,
  show: (who: Somebody, billing: Billing) => Answer,
  next = PATH,
): Promise<Response> {
  const who = await signedInOr(c, next)
  if (who instanceof Response) return who
  const read = await readBilling(c)
  if (!read.ok) return answerRefusal(c, read.error, PATH)
  return show(who, read.billing)
}

function answerBilling(
  c: Context<App>,
  who: Somebody,
  billing: Billing,
  attempted: Attempted,
): Answer {
  const page = { billing, csrf: who.csrf, fresh: isFresh(who), attempted, done: doneOf(c, billing) }
  const body = <BillingPage {...page} />
  const status = formStatus(c, attempted)
  const policy = { formOrigins: stripeOrigins(c.env) }
  return answerPage(c, { title: 'Billing', body, styles: KEY_STYLES, policy }, status)
}

function answerChange(
  c: Context<App>,
  who: Somebody,
  billing: Billing,
  wanted: PlanName,
  attempted: Attempted,
): Answer {
  const body = (
    <ChangePage
      billing={billing}
      wanted={wanted}
      csrf={who.csrf}
      fresh={isFresh(who)}
      attempted={attempted}
    />
  )
  const status = formStatus(c, attempted)
  const policy = { formOrigins: stripeOrigins(c.env) }
  return answerPage(c, { title: 'Change the plan', body, styles: KEY_STYLES, policy }, status)
}

/** What was done just now, by the address to which it led; said of what is so alone. */
function doneOf(
  c: Context<App>,
  { plan, next_plan, wanted_plan, overage }: Billing,
): string | null {
  const { title } = PLANS[plan]
  if (c.req.query('checkout') === 'done')
    return `Thank you. You are on ${title}: its limits hold now.`
  if (c.req.query('checkout') === 'left') return 'You left the payment page. Nothing was bought.'
  const asked = c.req.query('overage')
  if (asked !== undefined) {
    const cap = overage.cap_cents ?? 0
    return cap === 0 ? 'Overage is off.' : `Overage is capped at ${printDollars(cap)} a month.`
  }
  switch (c.req.query('change')) {
    case 'reached':
      return next_plan === null
        ? `You are on ${title}.`
        : `It is agreed: ${PLANS[next_plan.plan].title} from next month.`
    case 'later':
      return wanted_plan === null
        ? null
        : 'Stripe cannot be reached now. What you asked for is kept and goes on by itself.'
    default:
      return null
  }
}
