import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Micros } from '#core/instant'
import { endSubscription } from '../../worker/billing/end-subscription.ts'
import { applyEvent } from '../../worker/billing/inbox.ts'
import { tellMeter } from '../../worker/billing/meter-event.ts'
import { runOutbox } from '../../worker/billing/outbox.ts'
import { reconcile } from '../../worker/billing/reconcile.ts'
import { writeReports } from '../../worker/billing/report-store.ts'
import { takeMeterEvent } from '../../worker/billing/take-meter-event.ts'
import {
  clockTo,
  customerOf,
  deliver,
  freshStripe,
  MIDDLE_S,
  newAccount,
  standing,
  stripe,
  subscribe,
  useOverage,
} from './billing.ts'
import { asOwner } from './store.ts'

describe('usage beyond the included credits', () => {
  const HOUR_S = 3600
  const HOUR_US = HOUR_S * 1_000_000
  const NOW = (MIDDLE_S * 1_000_000) as Micros

  beforeAll(freshStripe)

  type Sent = { readonly path: string; readonly body: string; readonly status: number | null }

  /** The values of the meter events that were sent since this was asked last. */
  async function sent(): Promise<string[]> {
    const { calls } = await stripe<{ calls: Sent[] }>('calls')
    return calls
      .filter(({ path }) => path === '/v1/billing/meter_events')
      .map(({ body }) => new URLSearchParams(body).get('payload[value]') ?? '')
  }

  async function reports(account: string) {
    return asOwner(async (sql) => [
      ...(await sql`
      select state, sent::int, tries from kb.meter_reports where account_id = ${account}
      order by hour_us`),
    ])
  }

  test('closed hours are told once, and again when they turn out to be otherwise', async () => {
    const account = await newAccount()
    await subscribe(account, 'pro', NOW)
    const later = await clockTo(MIDDLE_S + 3 * HOUR_S)
    await useOverage(account, NOW, 'pro', 700)
    await useOverage(account, NOW + HOUR_US, 'pro', 50)
    await useOverage(account, NOW + 2 * HOUR_US, 'pro', 9, false)
    await sent()
    await runOutbox(env, later)
    expect((await sent()).sort()).toEqual(['50', '700'])
    await runOutbox(env, later)
    expect(await sent()).toEqual([])
    await useOverage(account, NOW, 'pro', 800)
    await runOutbox(env, later)
    expect(await sent()).toEqual(['800'])
  })

  test('a smaller total that was told late, after the hour had grown, is put right', async () => {
    const account = await newAccount()
    const hourUs = (NOW + 3 * HOUR_US) as Micros
    const customer = await subscribe(account, 'pro', hourUs)
    const later = await clockTo(MIDDLE_S + 4 * HOUR_S)
    await useOverage(account, hourUs, 'pro', 150)
    await runOutbox(env, later)
    const stale = { accountId: account, customer, hourUs, plan: 'pro', overage: 100 }
    const identifier = `${account}:late`
    const meter = { eventName: 'kalshibook_overage_pro', customer, atUs: hourUs + 1_000_000 }
    await tellMeter(env, { ...meter, value: stale.overage, identifier })
    const report = { ...stale, tries: 0, failures: 0, state: 'sent', identifier, nextUs: later }
    await asOwner((sql) => writeReports(sql, [report], later))
    await sent()
    await runOutbox(env, later)
    const { calls } = await stripe<{ calls: Sent[] }>('calls')
    expect(
      calls.filter(({ path }) => path === '/v1/billing/meter_events').map(({ status }) => status),
    ).toEqual([200])
    await runOutbox(env, later)
    expect(await sent()).toEqual([])
  })

  test('while Stripe fails nothing is lost, whether it had taken what it failed to answer or not', async () => {
    const account = await newAccount()
    await subscribe(account, 'pro', (NOW + 3 * HOUR_US) as Micros)
    const hour = NOW + 3 * HOUR_US
    const at = await clockTo(MIDDLE_S + 5 * HOUR_S)
    await useOverage(account, hour, 'pro', 123)
    for (const [round, faults] of [{ failed: 1 }, { lostAfter: 1 }, { limited: 1 }].entries()) {
      await stripe('faults', faults)
      await runOutbox(env, (at + round * HOUR_US) as Micros)
      expect(await reports(account)).toMatchObject([{ state: 'failing', sent: null }])
    }
    await stripe('faults', {})
    await runOutbox(env, (at + 4 * HOUR_US) as Micros)
    expect(await reports(account)).toMatchObject([{ state: 'sent', sent: 123 }])
  })

  test('usage of nobody who could be billed is parked, and what is too old for Stripe is said to be', async () => {
    const nobody = await newAccount()
    await useOverage(nobody, NOW, 'starter', 5)
    const old = await newAccount()
    await asOwner(
      (sql) => sql`
      insert into kb.billing_customers (account_id, customer_id, livemode)
      values (${old}, ${`cus_${old}`}, false)`,
    )
    await useOverage(old, NOW - 37 * 24 * HOUR_US, 'starter', 5)
    await runOutbox(env, (NOW + HOUR_US) as Micros)
    expect(await reports(nobody)).toMatchObject([{ state: 'parked', sent: null }])
    expect(await reports(old)).toMatchObject([{ state: 'too_old', sent: null }])
  })

  test('a day of which Stripe counted otherwise is kept, and found right when it is told again', async () => {
    const account = await newAccount()
    await clockTo(MIDDLE_S + 24 * HOUR_S)
    const day = (NOW + 24 * HOUR_US) as Micros
    await subscribe(account, 'scale', day)
    const at = await clockTo(MIDDLE_S + 51 * HOUR_S)
    await useOverage(account, day + HOUR_US, 'scale', 1000)
    await useOverage(account, day + 2 * HOUR_US, 'scale', 10)
    await reconcile(env, at)
    const found = () =>
      asOwner(async (sql) => [
        ...(await sql`
        select ours::int, theirs::int from kb.reconciliations where account_id = ${account}`),
      ])
    expect(await found()).toEqual([{ ours: 1010, theirs: 0 }])
    await runOutbox(env, at)
    await reconcile(env, (at + 7 * HOUR_US) as Micros)
    expect(await found()).toEqual([{ ours: 1010, theirs: 1010 }])
  })

  test('the month’s invoice has every credit beyond the included ones, also of the last hour', async () => {
    const account = await newAccount()
    const customer = await customerWith(account)
    const december = Date.UTC(2026, 11, 1) / 1000
    await useOverage(account, (december - HOUR_S) * 1_000_000, 'starter', 100_000, false)
    const begun = await clockTo(december + 60)
    await applyEvent(env, { id: 'evt', type: 'invoice.created', customer, object: null }, begun)
    await clockTo(december + 80 * HOUR_S)
    await deliver()
    const { invoices } = await stripe<{ invoices: Invoice[] }>('invoices')
    const last = invoices.filter((one) => one.customer === customer).map(({ total }) => total)
    expect(last).toContain(3900 + 800)
  })

  type Invoice = { readonly customer: string; readonly total: number }

  async function customerWith(account: string): Promise<string> {
    const at = await clockTo(Date.UTC(2026, 10, 21) / 1000)
    return subscribe(account, 'starter', at)
  }

  test('an account that is deleted has its subscription ended now, and what it used invoiced', async () => {
    const account = await newAccount()
    const at = (Date.UTC(2026, 11, 10) * 1000) as Micros
    await clockTo(at / 1_000_000)
    const customer = await subscribe(account, 'pro', at)
    await clockTo(at / 1_000_000 + 600)
    await useOverage(account, at, 'pro', 50_000, false)
    const later = (at + 600_000_000) as Micros
    await endSubscription(env, account, later)
    await endSubscription(env, account, later)
    await deliver()
    expect(await standing(account, later)).toMatchObject({ plan: 'free' })
    const { invoices } = await stripe<{ invoices: Invoice[] }>('invoices')
    const totals = invoices.filter((one) => one.customer === customer).map(({ total }) => total)
    expect(totals).toContain(300)
    expect(await customerOf(account)).toBe(customer)
  })

  test('usage that Stripe refused afterwards is told again under another identifier', async () => {
    const [row] = await asOwner(
      (sql) =>
        sql`select identifier, account_id from kb.meter_reports where state = 'sent' limit 1`,
    )
    const identifier = String(row?.['identifier'])
    const { data } = await meters()
    await stripe('thin', { meter: data[0]?.id, code: 'meter_event_invalid_value', identifier })
    await deliver()
    const [after] = await asOwner(
      (sql) => sql`select state, sent from kb.meter_reports where identifier = ${identifier}`,
    )
    expect(after).toMatchObject({ state: 'refused', sent: null })
    expect(await takeMeterEvent(env, '{}', null, NOW)).toMatchObject({ kind: 'refused' })
  })

  async function meters(): Promise<{ data: { id: string }[] }> {
    const response = await fetch(`${env.STRIPE_API_URL}/v1/billing/meters`, {
      headers: {
        Authorization: `Bearer ${env.STRIPE_SECRET_KEY}`,
        'Stripe-Version': '2026-10-28.endive',
      },
    })
    return response.json()
  }
})
