import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { PLANS } from '#core/plan'
import { creditPriceOf, priceUseOf, sameDecimal, wantedPrices } from '#core/price-book'
import { setUpStripe } from '../../worker/billing/set-up.ts'
import { stripeRig } from './stripe-rig.ts'
import { stripeSchema } from './stripe-schema.ts'

const WHERE = { publicUrl: 'https://kalshibook.test', livemode: false }
const SETUP = fileURLToPath(new URL('../../local/stripe-setup.ts', import.meta.url))

test('a first run makes all that there must be, a second nothing, and every call is as Stripe’s schema says', async () => {
  const { stripe, standIn } = await stripeRig()
  const first = await setUpStripe(stripe, WHERE)
  expect(first.found).toEqual([])
  expect(Object.keys(first.secrets).sort()).toEqual([
    'STRIPE_METER_WEBHOOK_SECRET',
    'STRIPE_WEBHOOK_SECRET',
  ])
  const second = await setUpStripe(stripe, WHERE)
  expect(second).toMatchObject({ made: [], secrets: {} })
  expect(second.found).toEqual(first.made)
  const schema = stripeSchema()
  expect(standIn.calls().flatMap((call) => schema.callProblems(call))).toEqual([])
})

test('a run that is cut off anywhere is completed by the next', async () => {
  const { stripe, standIn } = await stripeRig()
  for (let call = 0; call < 40; call++) {
    const whole = new Stripe(standIn.secretKey, {
      host: '127.0.0.1',
      port: new URL(standIn.url).port,
      protocol: 'http',
      maxNetworkRetries: 0,
      httpClient: failingAfter(call),
    })
    await setUpStripe(whole, WHERE).catch(() => null)
  }
  const last = await setUpStripe(stripe, WHERE)
  expect(last.made).toEqual([])
  const { data } = await stripe.prices.list({ limit: 100 })
  expect(data.length).toBe(6)
})

/** A network that ends after so many calls. */
function failingAfter(most: number) {
  let calls = 0
  return Stripe.createFetchHttpClient((...asked: Parameters<typeof fetch>) => {
    calls += 1
    return calls > most ? Promise.reject(new Error('the network ended')) : fetch(...asked)
  })
}

test('a price of another amount is refused, as it cannot be changed', async () => {
  const { stripe } = await stripeRig()
  const product = await stripe.products.create({ name: 'KalshiBook Pro' })
  await stripe.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 1,
    recurring: { interval: 'month' },
    lookup_key: 'kalshibook_pro_month_2026_11',
  })
  await expect(setUpStripe(stripe, WHERE)).rejects.toThrow('is 1 cents, not 14900')
})

test('objects of another mode than the key’s are refused', async () => {
  const { stripe } = await stripeRig()
  await expect(setUpStripe(stripe, { ...WHERE, livemode: true })).rejects.toThrow('another mode')
})

test('the command says what it made, prints secrets once, and does nothing with a key for elsewhere', async () => {
  const { standIn } = await stripeRig()
  const run = async (settings: Record<string, string>) => {
    const child = spawn(process.execPath, [SETUP], {
      env: { PUBLIC_URL: 'http://127.0.0.1:8787', STRIPE_API_URL: standIn.url, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
    if (child.exitCode === null) await once(child, 'exit')
    return { code: child.exitCode, out, err }
  }
  const good = { STRIPE_SECRET_KEY: standIn.secretKey }
  const first = await run(good)
  expect(first, first.err).toMatchObject({ code: 0 })
  expect(first.out).toContain('put STRIPE_WEBHOOK_SECRET`: whsec_')
  const second = await run(good)
  expect(second.out).toContain('Made: nothing.')
  expect(second.out).not.toContain('whsec_')
  const wrong = await run({ ...good, STRIPE_API_URL: '', PUBLIC_URL: 'https://kalshibook.com' })
  expect(wrong).toMatchObject({ code: 1, out: '' })
  expect(wrong.err).toContain('a test key in production')
})

test('every plan that is sold has a price of its month and one of a credit beyond', () => {
  const prices = wantedPrices()
  expect(prices.map(({ lookupKey }) => priceUseOf(lookupKey))).toEqual(
    prices.map(({ plan, kind }) => ({ plan, kind })),
  )
  expect(prices.length).toBe(6)
  expect(creditPriceOf(PLANS.starter.overageCents ?? 0)).toBe('0.008')
  expect(creditPriceOf(100_000)).toBe('1')
  expect(creditPriceOf(123_456)).toBe('1.23456')
  expect(sameDecimal('0.0080', '0.008') && !sameDecimal('0.08', '0.008')).toBe(true)
  expect(priceUseOf('another_pro_month_2026_11')).toBeNull()
  expect(priceUseOf('kalshibook_free_month_2026_11')).toBeNull()
})
