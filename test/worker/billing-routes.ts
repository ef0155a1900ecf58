import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { runWishes } from '../../worker/billing/pursue.ts'
import { wayTo } from '../../worker/billing/stripe-way.ts'
import { errorOf } from './api.ts'
import { beforeMonthEnds, deliver, freshStripe, openSession, stripe } from './billing.ts'
import { callPages, signedUp, type TestPerson } from './people.ts'

describe('what a person asks for', () => {
  let person: TestPerson

  beforeAll(async () => {
    await freshStripe()
    await stripe('clock', { real: true })
    person = await signedUp()
  })

  const post = (path: string, body: unknown) => callPages(path, person.headers, body)

  test.each(['/account/checkout', '/account/plan', '/account/portal', '/account/overage'])(
    '%s is for who is signed in, by POST, from our own pages',
    async (path) => {
      expect((await callPages(path, {}, { plan: 'pro' })).status).toBe(401)
      expect((await callPages(path, person.headers)).status).toBe(405)
      const { 'X-CSRF-Token': _, ...unmarked } = person.headers
      expect((await callPages(path, unmarked, { plan: 'pro' })).status).toBe(403)
    },
  )

  test.each([
    ['/account/checkout', { plan: 'free' }],
    ['/account/checkout', {}],
    ['/account/plan', { plan: 'largest' }],
    ['/account/plan', { plan: 'pro' }],
    ['/account/overage', { cap_cents: -1 }],
    ['/account/overage', { cap_cents: 1.5 }],
    ['/account/overage', { cap_cents: 1_000_001 }],
    ['/account/overage', { cap_cents: '5' }],
    ['/account/overage', { cap_cents: 500 }],
  ])('%s refuses %o', async (path, body) => {
    expect(errorOf(await post(path, body)).code).toBe('invalid_param')
  })

  test('somebody subscribes, sets a cap, opens the portal, changes plans and sees what they have', async () => {
    expect((await callPages('/account/billing', person.headers)).body['data']).toMatchObject({
      plan: 'free',
      state: 'none',
      invoices: [],
    })
    expect((await post('/account/portal', {})).status).toBe(404)
    await beforeMonthEnds(async () => {
      const page = await post('/account/checkout', { plan: 'starter' })
      expect(page.body, JSON.stringify(page.body)).toMatchObject({
        data: { url: expect.any(String) },
      })
      await stripe('pay', { session: await openSession(person.accountId), outcome: 'pay' })
    })
    await deliver()
    expect((await post('/account/overage', { cap_cents: 5000 })).body).toMatchObject({
      data: { cap_cents: 5000 },
    })
    const portal = await post('/account/portal', {})
    expect(portal.body).toMatchObject({ data: { url: expect.any(String) } })
    const changed = await post('/account/plan', { plan: 'pro' })
    expect(changed.body).toMatchObject({ data: { change: 'reached' } })
    await deliver()
    const { body } = await callPages('/account/billing', person.headers)
    expect(body['data']).toMatchObject({
      plan: 'pro',
      state: 'active',
      overage: { cap_cents: 5000, suspended: null, credits: 0, cents: 0 },
    })
    expect((body['data'] as { invoices: unknown[] }).invoices.length).toBe(2)
  })

  test('while Stripe is away nothing is opened, a plan is reached later, and what is known is shown', async () => {
    await stripe('faults', { failed: 1 })
    const portal = await post('/account/portal', {})
    expect(errorOf(portal).code).toBe('upstream_degraded')
    expect((await post('/account/plan', { plan: 'scale' })).body).toMatchObject({
      data: { change: 'later', plan: 'pro', wanted_plan: 'scale' },
    })
    expect((await callPages('/account/billing', person.headers)).status).toBe(200)
    await stripe('faults', {})

    await runWishes(env, (Date.now() * 1000 + 120_000_000) as Micros)
    expect((await callPages('/account/billing', person.headers)).body['data']).toMatchObject({
      wanted_plan: null,
      plan: 'scale',
    })
  })

  const key = (mode: string) => ['sk', mode, 'of_tests_alone'].join('_')

  test.each([
    [null, null, 'https://kalshibook.com'],
    ['of nobody at all', null, 'https://kalshibook.com'],
    [key('test'), null, 'https://kalshibook.com'],
    [key('live'), 'http://127.0.0.1:1', 'https://kalshibook.com'],
    [key('live'), null, 'http://127.0.0.1:8787'],
    [key('live'), null, 'http://kalshibook.com'],
    [key('test'), 'https://elsewhere.example', 'http://127.0.0.1:8787'],
    [key('test'), null, ''],
  ])('the key %s, for %s, at %s is refused', (secret, apiUrl, publicUrl) => {
    expect(wayTo(secret, apiUrl, publicUrl).ok).toBe(false)
  })

  test('a live key in production and a test key for a stand-in are taken, each for its mode', () => {
    const live = wayTo(key('live'), null, 'https://kalshibook.com')
    expect(live).toMatchObject({ ok: true, livemode: true })
    const standIn = wayTo(key('test'), 'http://127.0.0.1:1', 'http://127.0.0.1:8787')
    expect(standIn).toMatchObject({ ok: true, livemode: false })
  })
})
