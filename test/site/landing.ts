import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Page, WebSocketRoute } from 'playwright-core'
import { expect, test } from 'vitest'
import { until } from '../until.ts'
import type { Site } from './site-rig.ts'

const run = promisify(execFile)

/** The pages that anybody sees first, in a browser. */
export function testLanding(site: () => Site): void {
  test('the first page shows a book that moves, and calls that work as pasted', async () => {
    const address = '10.77.1.7'
    const page = await (await site().visitor({ address })).newPage()
    let keys = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/visitor-keys')) keys += 1
    })
    await page.goto(`${site().url}/`)
    await page.waitForSelector('#feed.live')
    const seq = () => page.textContent('#seq')
    const first = await seq()
    await until('the book moved', async () => (await seq()) !== first)
    expect(
      await page.locator('#ladder .bid:visible, #ladder .ask:visible').count(),
    ).toBeGreaterThan(1)
    for (const call of ['now', 'then']) {
      await page.waitForSelector(`#call-${call}:has-text("kb_test_")`)
      const command = (await page.textContent(`#call-${call}`)) ?? ''
      // The key is of the address that the browser came from; nothing before this product says which that is.
      const more = `-s -w '\\n%{http_code}' -H 'CF-Connecting-IP: ${address}'`
      const { stdout } = await run('sh', ['-c', `${command} ${more}`])
      const [body = '', status] = stdout.split('\n')
      expect([status, JSON.parse(body).data.ticker]).toEqual([
        '200',
        await page.getAttribute('#shown', 'data-ticker'),
      ])
    }
    expect(await page.textContent('#key-note')).toMatch(/^This key is good until \d\d:\d\d UTC/)
    expect(keys).toBe(1)
    await page.click('[data-runs=then]')
    await page.waitForSelector('#answer:not([hidden])')
    expect(await page.textContent('#answered')).toMatch(/^GET .* → 200, \d+ ms, 1 credit$/)
    await site().shoot(page, 'landing')
    await page.context().close()
  })

  test('a clock that is an hour wrong makes no key after key', async () => {
    const page = await (await site().visitor()).newPage()
    await page.addInitScript('{ const now = Date.now; Date.now = () => now() + 3_600_000 }')
    let keys = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/visitor-keys')) keys += 1
    })
    await page.goto(`${site().url}/`)
    await page.waitForSelector('#feed.live')
    await page.click('[data-runs=now]')
    await page.locator('#answered', { hasText: '→ 200' }).waitFor()
    expect(keys).toBe(1)
    await page.context().close()
  })

  test('what becomes of the shown book is told: no stream, time over, stale, unknown, closed', async () => {
    const context = await site().visitor()
    const page = await context.newPage()
    let line: WebSocketRoute | undefined
    let [lines, lastSeq, away, mute] = [0, 0, true, false]
    await page.routeWebSocket(/\/v1\/stream$/, (socket) => {
      if (away) return void socket.close()
      lines += 1
      line = socket
      const server = socket.connectToServer()
      server.onMessage((text) => {
        // What the page does not hear is not counted either.
        if (mute) return
        const { seq } = JSON.parse(String(text))
        lastSeq = (Array.isArray(seq) ? seq[1] : seq) ?? lastSeq
        socket.send(text)
      })
    })
    const shows = (state: string) => page.waitForSelector(`#feed.${state}`)
    await page.goto(`${site().url}/`)
    await page.waitForSelector('#why:has-text("No stream could be opened yet")')
    away = false
    await shows('live')
    // A visitor’s stream lasts five minutes: the next one is opened at once.
    await line?.close({ code: 4003, reason: 'the time of this key is over' })
    await until('another stream was opened', () => lines === 2)
    await shows('live')
    away = true
    await line?.close()
    await shows('stale')
    expect(await page.textContent('#why')).toMatch(/^Nobody vouches for this book now/)
    expect(await page.locator('#ladder tbody.dim').count()).toBe(2)
    away = false
    await shows('live')
    expect(await page.isVisible('#why')).toBe(false)
    mute = true
    const market = await page.getAttribute('#shown', 'data-ticker')
    const now = Date.now() * 1000
    const record = { market, event_us: null, recv_us: now }
    const gap = { type: 'gap', seq: lastSeq + 1, cause: 'cut', from_us: now, to_us: null }
    line?.send(JSON.stringify({ ...record, ...gap, prev_seq: lastSeq }))
    await shows('unknown')
    expect(await page.textContent('#why')).toMatch(/^No book is known since \d\d:\d\d:\d\d UTC/)
    expect(await page.locator('#ladder .bid:visible').count()).toBe(0)
    line?.send(JSON.stringify({ ...record, type: 'end', seq: lastSeq + 2, reason: 'settled' }))
    await shows('closed')
    expect(await page.textContent('#why')).toContain(
      'The log of this market is over: settled. Load the page for another.',
    )
    await context.close()
  })

  test('when what visitors are given is used up the first page says so, and draws no book of its own', async () => {
    const context = await site().visitor({ scheme: 'dark', width: 390, height: 844 })
    const page = await context.newPage()
    await page.route('**/visitor-keys', (route) =>
      route.fulfill({
        status: 402,
        json: { error: { code: 'quota_exceeded', message: 'the credits of today are spent' } },
      }),
    )
    await page.goto(`${site().url}/`)
    await page.waitForSelector('#feed.bad')
    expect(await page.textContent('#why')).toContain('used up')
    expect(await page.textContent('#key-note')).toContain('A free account has its own credits')
    expect(await page.getAttribute('#ladder', 'class')).toBe('dim')
    expect(await fitsAcross(page)).toBe(true)
    await site().shoot(page, 'landing-used-up')
    await context.close()
  })

  test('prices are worked out as they are typed, and a wrong number is told beside its field', async () => {
    const page = await site().open('/pricing', { width: 390, height: 844 })
    await page.fill('#books', '20,000')
    await page.fill('#rows', '0')
    await page.fill('#minutes', '')
    const advice = () => page.textContent('#advice')
    expect(await advice()).toContain('Starter costs least: $48.60 a month.')
    await page.fill('#minutes', 'many')
    expect(await page.textContent('#minutes-fault')).toBe(
      'This must be a whole number of 0 or more.',
    )
    expect(await page.getAttribute('#minutes', 'aria-describedby')).toBe(
      'minutes-hint minutes-fault',
    )
    await page.fill('#minutes', '4800')
    expect(await page.locator('#minutes-fault').count()).toBe(0)
    expect(await fitsAcross(page)).toBe(true)
    await site().shoot(page, 'pricing-narrow')
    await page.context().close()
  })

  test('without a script prices are worked out by the server', async () => {
    const page = await site().open('/pricing', { javaScript: false })
    await page.fill('#books', '20,000')
    await page.fill('#rows', '')
    await page.fill('#minutes', '0')
    await page.click('#use button')
    await page.waitForURL(/books=20%2C000/)
    expect(await page.textContent('#advice')).toContain('Starter costs least: $48.60 a month.')
    expect(await page.inputValue('#books')).toBe('20,000')
    await site().shoot(page, 'pricing')
    await page.context().close()
  })

  test('an address of nothing leads on', async () => {
    const page = await site().open('/nothing/here')
    expect(await page.textContent('h1')).toBe('There is no such page')
    await site().shoot(page, 'not-found')
    await page.click('main .button')
    await page.waitForSelector('#shown')
    await page.context().close()
  })
}

/** Whether nothing of a page is cut off at its side. */
function fitsAcross(page: Page): Promise<boolean> {
  return page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')
}
