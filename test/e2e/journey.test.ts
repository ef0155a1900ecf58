import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { until } from '../until.ts'
import { Browser } from './browser.ts'
import { type RunningProduct, runProduct } from './running-product.ts'

const EMAIL = 'somebody@example.com'
const PASSWORD = 'a long enough word'
const HOUR_MS = 3_600_000
const TICKERS = 100
const FREE_CREDITS = 10_000
const STARTER_CREDITS = 500_000

let exchange: Exchange
let product: RunningProduct
let browser: Browser
let aheadMs = 0
let key = ''
let recordedMs = 0

beforeAll(async () => {
  exchange = await startExchange({ seed: 5, markets: TICKERS, rate: 5 })
  const overrides = { worker: { FRAGILE_WORKER: 'test/worker/ahead-worker.ts' } }
  product = await runProduct(exchange, overrides, 'stand-in')
  browser = new Browser(product.url)
  recordedMs = Date.now()
  // Three hours before a month ends: little is bought for a price in proportion, and soon spent. What was recorded is then
  // no older than Free may look at.
  const end = monthEnd(Date.now() + 4 * HOUR_MS)
  await goTo(Math.min(end - 3 * HOUR_MS, Date.now() + 29 * 24 * HOUR_MS))
})

afterAll(async () => {
  await product?.stop()
  await exchange?.close()
})

test('from signing up to being Free again: each step as a person takes it', async () => {
  const { supabase, stripe } = product
  if (supabase === null || stripe === null) throw new Error('nothing stands in')

  // Signs up, follows the link in the mail, and presses the button of its page.
  expect(await browser.call('/auth/sign-up', { email: EMAIL, password: PASSWORD })).toMatchObject({
    status: 200,
  })
  const link = await linkTo(EMAIL)
  const shown = await browser.open(link)
  expect([shown.status, shown.text]).toEqual([200, expect.stringContaining('Sign in</button>')])
  const confirmed = await browser.press(link, Object.fromEntries(new URL(link).searchParams))
  expect([confirmed.status, confirmed.headers.get('Location')]).toEqual([
    303,
    '/dashboard/keys?first=1',
  ])
  const session = await browser.session()
  expect(session).toMatchObject({ signed_in: true, email: EMAIL })

  // Makes a key, which is shown this once.
  const made = await browser.call('/account/keys', {
    name: 'mine',
    scopes: ['live', 'history', 'account'],
  })
  expect(made.status).toBe(200)
  key = String(made.data['key'])
  expect(key).toMatch(/^kb_live_/)
  const listed = await browser.open('/account/keys')
  expect(listed.text).toContain('"mine"')
  expect(listed.text).not.toContain(key)

  // The first call, and all the credits of a free account.
  const first = await api('/v1/markets?limit=1000')
  expect(first.status).toBe(200)
  expect(first.headers.get('X-Credits-Remaining')).toBe(String(FREE_CREDITS - 1))
  const { data } = (await first.json()) as { data: { ticker: string }[] }
  const tickers = data.map(({ ticker }) => ticker).slice(0, TICKERS)
  const at = new Date(recordedMs).toISOString()
  const books = `/v1/orderbooks?depth=1&at=${at}&tickers=${tickers}`
  const spent = await spendAll(books)
  expect(spent).toBe(Math.floor((FREE_CREDITS - 1) / TICKERS) * TICKERS)
  const limit = await api(books)
  expect(limit.status).toBe(402)
  expect(await limit.json()).toMatchObject({ error: { code: 'quota_exceeded' } })

  // Pays on the page, by a press of its button: the next request may spend what was bought.
  const checkout = await browser.call('/account/checkout', { plan: 'starter' })
  expect(checkout.status).toBe(200)
  const paid = await browser.press(String(checkout.data['url']), { outcome: 'pay' })
  expect([302, 303]).toContain(paid.status)
  expect(paid.headers.get('Location')).toBe(`${product.url}/dashboard/billing?checkout=done`)
  await stripeDoes('idle')
  const more = await api(books)
  expect(more.status).toBe(200)
  const bought = Number(more.headers.get('X-Credits-Remaining'))
  expect(bought).toBeGreaterThan(1000)
  expect(bought).toBeLessThan(STARTER_CREDITS / 10)
  expect(await (await api('/v1/limits')).json()).toMatchObject({ data: { plan: 'starter' } })

  // Overage is off until it is turned on; then what is beyond the plan is counted.
  await spendAll(books)
  expect((await api(books)).status).toBe(402)
  const capped = await browser.call('/account/overage', { cap_cents: 1000 })
  expect([capped.status, capped.data]).toEqual([200, { cap_cents: 1000 }])
  for (let call = 0; call < 5; call++) {
    const beyond = await api(books)
    expect([beyond.status, await beyond.text()]).toEqual([200, expect.any(String)])
  }
  const billing = await browser.open('/account/billing')
  expect(billing.data).toMatchObject({ plan: 'starter', overage: { cap_cents: 1000 } })

  // Leaves, in the portal.
  const portal = await browser.call('/account/portal', {})
  expect(portal.status).toBe(200)
  expect((await browser.open(String(portal.data['url']))).text).toContain('cancel')
  expect((await browser.press(String(portal.data['url']), { do: 'cancel' })).status).toBeLessThan(
    400,
  )
  await stripeDoes('idle')
  expect((await browser.open('/account/billing')).data).toMatchObject({
    plan: 'starter',
    next_plan: { plan: 'free' },
  })

  // An hour later the hour is closed, and its overage told.
  const end = monthEnd(Date.now() + aheadMs)
  await goTo(end - 1.5 * HOUR_MS)
  await fetch(`${product.url}/alarm`, { method: 'POST', body: String(session['account_id']) })
  await runSchedule()
  const overage = Number(
    (await usageOf(product)).reduce((sum, { overage }) => sum + Number(overage), 0),
  )
  expect(overage).toBeGreaterThan(4 * TICKERS)
  const { calls } = (await stripeDoes('calls')) as { calls: { path: string; body: string }[] }
  const told = calls.filter(({ path }) => path === '/v1/billing/meter_events')
  expect(told.map(({ body }) => new URLSearchParams(body).get('payload[value]'))).toEqual([
    String(overage),
  ])

  // The month ends: Free again, with a free month's credits.
  await goTo(end + 60_000)
  await runSchedule()
  const free = await api('/v1/limits')
  expect(await free.json()).toMatchObject({ data: { plan: 'free' } })
  expect((await api(books)).headers.get('X-Credits-Remaining')).toBe(String(FREE_CREDITS - TICKERS))
})

test('while Stripe is stopped nothing can be bought, and keys go on working', async () => {
  expect((await browser.call('/auth/sign-in', { email: EMAIL, password: PASSWORD })).status).toBe(
    200,
  )
  await browser.session()
  await product.stripe?.child.stop()
  for (const [path, body] of [
    ['/account/checkout', { plan: 'pro' }],
    ['/account/portal', {}],
  ] as const) {
    const refused = await browser.call(path, body)
    expect([path, refused.status, refused.error.code]).toEqual([path, 503, 'upstream_degraded'])
  }
  expect((await browser.open('/account/billing')).data).toMatchObject({ plan: 'free' })
  expect((await api('/v1/markets?limit=1')).status).toBe(200)
})

test('while Supabase is stopped too nobody signs in, and keys go on working', async () => {
  await product.supabase?.child.stop()
  for (const [path, body] of [
    ['/auth/sign-in', { email: EMAIL, password: PASSWORD }],
    ['/auth/sign-up', { email: 'other@example.com', password: PASSWORD }],
  ] as const) {
    const refused = await new Browser(product.url).call(path, body)
    expect([path, refused.status, refused.error.code]).toEqual([path, 503, 'upstream_degraded'])
  }
  expect((await api('/v1/markets?limit=1')).status).toBe(200)
})

/** The link in the mail to an address, once it was sent. */
async function linkTo(email: string): Promise<string> {
  let link = ''
  await until('a mail was sent', async () => {
    const outbox = await fetch(`${product.supabase?.url}/outbox?email=${email}`)
    link = ((await outbox.json()) as { link: string }[])[0]?.link ?? ''
    return link !== ''
  })
  return link
}

/** Calls the API with the key that was made. */
function api(path: string): Promise<Response> {
  return fetch(product.url + path, { headers: { Authorization: `Bearer ${key}` } })
}

/** Spends until there are no credits for another call; each second of ours is two of the account's. @returns credits */
async function spendAll(path: string): Promise<number> {
  for (let spent = 0; ; ) {
    const burst = await Promise.all(Array.from({ length: 5 }, () => api(path)))
    for (const { status } of burst) if (status === 200) spent += TICKERS
    const codes = await Promise.all(
      burst
        .filter(({ status }) => status !== 200)
        .map(async (refused) => ((await refused.json()) as { error: { code: string } }).error.code),
    )
    if (codes.includes('quota_exceeded')) return spent
    expect(codes.filter((code) => code !== 'rate_limited')).toEqual([])
    await goTo(Date.now() + aheadMs + 1000)
  }
}

/** Moves the clocks of the Worker, of Supabase and of Stripe. */
async function goTo(atMs: number): Promise<void> {
  aheadMs = Math.round(atMs - Date.now())
  const { supabase } = product
  await Promise.all([
    fetch(`${product.url}/ahead`, { method: 'POST', body: String(aheadMs) }),
    fetch(`${supabase?.url}/control`, {
      method: 'POST',
      headers: { apikey: supabase?.secretKey ?? '' },
      body: JSON.stringify({ aheadMs }),
    }),
    stripeDoes('clock', { toS: Math.floor(atMs / 1000) }),
  ])
}

async function stripeDoes(wish: string, given: object = {}): Promise<object> {
  const url = `${product.stripe?.url}/_stand-in/${wish}`
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(given) })
  if (!response.ok) throw new Error(`${wish}: ${await response.text()}`)
  return (await response.json()) as object
}

let schedules = 0
/** Has the Worker do what is due in the minute now. */
async function runSchedule(): Promise<void> {
  const atMs = Date.now() + aheadMs
  const { problem } = await product.worker.ask(`schedule ${schedules++}`, { atMs })
  expect(problem).toBeNull()
}

/** When the month of an instant ends, UTC. */
function monthEnd(atMs: number): number {
  const at = new Date(atMs)
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1)
}

/** What the ledger holds. */
async function usageOf({ databaseUrl }: RunningProduct): Promise<{ overage: string }[]> {
  const { default: postgres } = await import('postgres')
  const sql = postgres(databaseUrl, { max: 1 })
  try {
    return await sql<{ overage: string }[]>`select overage from kb.usage_totals where overage > 0`
  } finally {
    await sql.end()
  }
}
