import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { until } from '../until.ts'
import { type SignedIn, signedIn } from './signed-in.ts'
import type { Site } from './site-rig.ts'

/** The dashboard and the log of calls, in a browser. */
export function testDashboard(site: () => Site): void {
  test('who is new is led to the first call; then usage, streams and the log of calls tell of it', async () => {
    const { url, exchange, product } = site()
    const person = await signedIn(site())
    const { page } = person
    await page.goto(`${url}/dashboard`)
    expect(await page.textContent('.note')).toContain('No call yet')
    expect(await page.locator('.note a').first().getAttribute('href')).toContain('/dashboard/keys')
    expect(await page.textContent('#usage')).toContain('No credits were used')
    expect(await page.textContent('main')).toContain('No stream is open')

    const ids = await callAll(person, ['/v1/markets', '/v1/markets', '/v1/markets/KXNONE/trades'])
    const [ticker = ''] = exchange.tickers()
    const headers = { authorization: `Bearer ${await keyOf(person)}` }
    const socket = new WebSocket(`${product.socketUrl}/v1/markets/${ticker}/stream`, { headers })
    await once(socket, 'open')
    await settled(person, 4)
    await page.goto(`${url}/dashboard?of=requests`)
    expect(await page.locator('.note').count()).toBe(0)
    expect(await page.textContent('section:has(#used) .figure')).toBe('2')
    expect(await page.locator('#usage-totals tbody tr').allInnerTexts()).toEqual([
      expect.stringMatching(/^\/v1\/markets\s+2\s+0\s+2$/),
      expect.stringMatching(/^\/v1\/markets\/\{ticker\}\/stream\s+1\s+0\s+0$/),
      expect.stringMatching(/^\/v1\/markets\/\{ticker\}\/trades\s+1\s+1\s+0$/),
    ])
    await page.waitForSelector('#usage-chart canvas')
    expect(await coloursOf(page)).toBeGreaterThanOrEqual(3)
    expect(await page.textContent('#usage-word')).toContain('4 requests in all')
    expect(await page.textContent('section:has(#streams)')).toContain(ticker)
    await site().shoot(page, 'dashboard')

    // By the keyboard alone.
    await page.locator('#usage a', { hasText: '24 hours' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/span=day/)
    await page.locator('#usage summary').focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('#usage-figures tbody tr').count()).toBe(24)
    const figures = await page.locator('#usage-figures tbody td:nth-child(2)').allTextContents()
    expect(figures.reduce((sum, figure) => sum + Number(figure), 0)).toBe(2)
    await page.locator('nav.tabs a', { hasText: 'Requests' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/dashboard\/requests$/)
    const told = await page.locator('.calls code').allInnerTexts()
    expect(told.slice(1)).toEqual([...ids].reverse())
    expect(await page.locator('.calls tbody tr').first().textContent()).toContain('stream opened')
    await page.locator('#outcome').focus()
    await page.keyboard.press('R')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL(/outcome=refused/)
    expect(await page.locator('.calls code').allInnerTexts()).toEqual(ids.slice(2))
    expect(await page.textContent('.calls')).toContain('404 not found')
    await site().shoot(page, 'requests')
    socket.terminate()
    await withoutJavaScript(site(), person)
  })

  test('who is not signed in is sent to sign in, and back', async () => {
    const page = await site().open('/dashboard/requests')
    expect(page.url()).toContain('/login?next=%2Fdashboard%2Frequests')
  })
}

/** A small dark window without JavaScript: the same figures, and nothing beyond its width. */
async function withoutJavaScript(site: Site, { context }: SignedIn): Promise<void> {
  const look = { javaScript: false, width: 390, height: 800, scheme: 'dark' } as const
  const plain = await site.visitor(look)
  await plain.addCookies(await context.cookies())
  const page = await plain.newPage()
  for (const [path, name, text] of [
    ['/dashboard?by=key', 'dashboard-390', 'first'],
    ['/dashboard/requests', 'requests-390', '/v1/markets'],
  ] as const) {
    await page.goto(site.url + path)
    expect(await page.locator('main table').first().textContent()).toContain(text)
    const wide = await page.locator('html').evaluate((html) => html.scrollWidth)
    expect(wide, path).toBeLessThanOrEqual(390)
    await site.shoot(page, name)
  }
  await plain.close()
}

const keys = new WeakMap<SignedIn, Promise<string>>()

/** A key of theirs, made once. */
function keyOf(person: SignedIn): Promise<string> {
  const known = keys.get(person)
  if (known !== undefined) return known
  const scopes = ['live', 'history', 'account']
  const asked = { name: 'first', scopes, expires: null, month_cap: null, request_id: randomUUID() }
  const made = person.call('/account/keys', asked).then((data) => (data as { key: string }).key)
  keys.set(person, made)
  return made
}

/** Calls one after the other. @returns the ids of the requests */
async function callAll(person: SignedIn, paths: readonly string[]): Promise<string[]> {
  const headers = { authorization: `Bearer ${await keyOf(person)}` }
  const ids: string[] = []
  for (const path of paths) {
    const { origin } = new URL(person.page.url())
    const answer = await fetch(origin + path, { headers })
    await answer.text()
    ids.push(answer.headers.get('X-Request-Id') ?? '')
  }
  return ids
}

/** Waits until so many calls are settled: that is done beside their answers. */
async function settled({ call }: SignedIn, count: number): Promise<void> {
  await until(`${count} calls are settled`, async () => {
    const { calls } = (await call('/account/requests')) as { calls: { outcome: string }[] }
    return calls.filter(({ outcome }) => outcome !== 'open').length === count
  })
}

/** As far as it is looked at. */
type Canvas = {
  readonly width: number
  readonly height: number
  getContext(kind: '2d'): {
    getImageData(...box: readonly number[]): { readonly data: Uint8ClampedArray }
  }
}

/** How many colours the picture has, beside those of its lines and letters. */
function coloursOf(page: Page): Promise<number> {
  return page.locator('#usage-chart canvas').evaluate((element) => {
    const canvas = element as unknown as Canvas
    const { width, height } = canvas
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
    const counts = new Map<string, number>()
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0, alpha] = data.slice(at, at + 4)
      // What is grey is a line or a letter.
      if (alpha !== 255 || Math.max(red, green, blue) - Math.min(red, green, blue) < 60) continue
      const name = `${red} ${green} ${blue}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return [...counts.values()].filter((count) => count > 100).length
  })
}
