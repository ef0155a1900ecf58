import { setUpStripe } from '../worker/billing/set-up.ts'
import { SetUpError } from '../worker/billing/set-up-notes.ts'
import { wayTo } from '../worker/billing/stripe-way.ts'
import { stripeSettings } from './stripe-settings.ts'

/**
 * `npm run stripe:setup`: makes all that we need at Stripe. The secrets that it prints are told by Stripe this once, and kept
 * nowhere by us.
 */
async function main(): Promise<number> {
  const { secretKey, apiUrl, publicUrl } = stripeSettings(process.env)
  const way = wayTo(secretKey, apiUrl, publicUrl)
  if (!way.ok) {
    console.error(`Nothing was done: ${way.why}.`)
    return 1
  }
  try {
    const { made, found, secrets } = await setUpStripe(way.stripe, {
      publicUrl,
      livemode: way.livemode,
    })
    console.log(`There already: ${found.length === 0 ? 'nothing' : found.join(', ')}.`)
    console.log(`Made: ${made.length === 0 ? 'nothing' : made.join(', ')}.`)
    for (const [name, secret] of Object.entries(secrets)) {
      console.log(`Set it once, by \`wrangler secret put ${name}\`: ${secret}`)
    }
    console.log('In the Dashboard, Billing, Invoices: keep drafts open for 24 hours or more.')
    return 0
  } catch (error) {
    console.error(error instanceof SetUpError ? error.message : `Stripe said: ${String(error)}`)
    return 1
  }
}

process.exitCode = await main()
