import type Stripe from 'stripe'
import { setUpStripe } from '../../worker/billing/set-up.ts'
import { SetUpError } from '../../worker/billing/set-up-notes.ts'
import { wayTo } from '../../worker/billing/stripe-way.ts'
import { stripeSettings } from '../stripe-settings.ts'
import { type Finding, ok, reasonOf, skipped, wrong } from './finding.ts'
import type { Variables } from './variables.ts'

/** Looks at Stripe: the key, and that all is there which `npm run stripe:setup` makes. Nothing is made or changed. */
export async function checkPayments(given: Variables): Promise<Finding[]> {
  const { secretKey, apiUrl, publicUrl } = stripeSettings(given)
  if (secretKey === null) return [skipped('Stripe', 'no STRIPE_SECRET_KEY is set')]
  const way = wayTo(secretKey, apiUrl, publicUrl)
  if (!way.ok) return [wrong('Stripe', way.why)]
  try {
    const { found } = await setUpStripe(readOnly(way.stripe), { publicUrl, livemode: way.livemode })
    const mode = way.livemode ? 'live' : 'test'
    return [
      ok('Stripe', `takes the key (${mode}), and has all ${found.length} things that we need`),
    ]
  } catch (error) {
    if (error instanceof SetUpError)
      return [wrong('Stripe', `${error.message}: run \`npm run stripe:setup\``)]
    return [wrong('Stripe', reasonOf(error))]
  }
}

/** The same, but that nothing can be made or changed by it: what would be is said to be missing. */
function readOnly(stripe: Stripe): Stripe {
  return guarded(stripe, '') as Stripe
}

function guarded(target: object, path: string): object {
  return new Proxy(target, {
    get: (object, name) => {
      const value: unknown = Reflect.get(object, name)
      const here = `${path}${String(name)}`
      if (typeof value === 'function') {
        if (['create', 'update', 'del'].includes(String(name))) {
          return () => {
            throw new SetUpError(`${path.replace(/\.$/, '')} are not as they must be`)
          }
        }
        return value.bind(object)
      }
      return typeof value === 'object' && value !== null ? guarded(value, `${here}.`) : value
    },
  })
}
