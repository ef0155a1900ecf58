import type { Context } from 'hono'
import type { App } from '../../context.ts'
import { KEY_STYLES } from '../keys/key-styles.ts'
import { answerPage } from '../page.tsx'

const LOOKS = 20
const EVERY_S = 3

/** After a checkout, until Stripe has told us of the payment: the page looks again by itself, a minute long. */
export function answerConfirming(c: Context<App>): Response | Promise<Response> {
  const look = Number(/^\d{1,2}$/.exec(c.req.query('look') ?? '')?.[0] ?? 0)
  const goesOn = look < LOOKS
  const next = `/dashboard/billing?checkout=done&look=${look + 1}`
  if (goesOn) c.header('Refresh', `${look === 0 ? 1 : EVERY_S};url=${next}`)
  const body = (
    <div class="alone narrow" role="status">
      <h1>Your payment is being confirmed</h1>
      {goesOn ? (
        <p>This takes a few seconds. The page looks again by itself; you need not do anything.</p>
      ) : (
        <p>
          It takes longer than usual. Some ways to pay take days; your plan begins when the payment
          has arrived, and nothing is charged twice.
        </p>
      )}
      <p class="line center">
        <a class="button" href={next}>
          Look again
        </a>
        <a href="/dashboard/billing">Billing</a>
      </p>
    </div>
  )
  return answerPage(c, { title: 'Confirming your payment', body, styles: KEY_STYLES })
}
