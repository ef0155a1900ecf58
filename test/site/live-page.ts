import { expect, test } from 'vitest'
import { until } from '../until.ts'
import { signedIn } from './signed-in.ts'
import type { Site } from './site-rig.ts'

/** The page /live/{ticker}, in a browser. */
export function testLivePage(site: () => Site): void {
  const ticker = () => site().exchange.tickers()[0] ?? ''

  test('a book moves on its page, on a telephone too, and nobody is asked for a key', async () => {
    const page = await site().open(`/live/${ticker()}`, { width: 390, scheme: 'dark' })
    await page.waitForSelector('.pill.live')
    const seq = () => page.textContent('#seq')
    const first = await seq()
    await until('the book moved', async () => (await seq()) !== first)
    expect(await page.locator('#ladder tr.bid, #ladder tr.ask').count()).toBeGreaterThan(0)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await site().shoot(page, 'live-390-dark')
    await page.close()
  })

  test('a key of one’s own is taken in place of the page’s, and forgotten again', async () => {
    const page = await site().open(`/live/${ticker()}`)
    await page.click('#own')
    await page.fill('#key', 'kb_live_0000000000000000000000000000000000000a')
    await page.click('#key-form button')
    await page.waitForSelector('.pill.stopped')
    expect(await page.textContent('#why')).toContain('The key is not taken')
    await page.click('#forget')
    await page.waitForSelector('.pill.live')
    await page.click('#own')
    await page.fill('#key', site().product.apiKey)
    await page.click('#key-form button')
    await page.waitForSelector('#forget:not([hidden])')
    await page.waitForSelector('.pill.live')
    await site().shoot(page, 'live')
    await page.close()
  })

  test('whoever is signed in sees a book by the account’s own key', async () => {
    const { page } = await signedIn(site())
    const tickets = page.waitForRequest(/\/v1\/stream\/tickets$/)
    await page.goto(`${site().url}/live/${ticker()}`)
    await page.waitForSelector('.pill.live')
    expect((await tickets).postData()).toContain(ticker())
    await page.close()
  })

  test('a page’s key that is refused is made anew; a visitor’s stream that has had its time is gone on with', async () => {
    const page = await (await site().visitor()).newPage()
    const closes = [
      [4004, 'the key is revoked'] as const,
      [4003, 'the time of this key is over'] as const,
    ]
    await page.routeWebSocket(/\/v1\/stream$/, (socket) => {
      const [code, reason] = closes.shift() ?? []
      const server = socket.connectToServer()
      if (code === undefined) return
      server.onMessage((message) => {
        socket.send(message)
        if (String(message).includes('"ready"')) void socket.close({ code, reason })
      })
    })
    let keys = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/visitor-keys')) keys += 1
    })
    await page.goto(`${site().url}/live/${ticker()}`)
    await page.waitForSelector('#again:not([hidden])')
    expect(await page.textContent('#why')).toBe('A visitor’s stream lasts five minutes.')
    expect(keys).toBe(2)
    await page.click('#again')
    await page.waitForSelector('.pill.live')
    await page.close()
  })

  test('a key of one’s own that is given while the page’s is awaited is the one that counts', async () => {
    const page = await (await site().visitor()).newPage()
    let answer = () => {}
    const held = new Promise<void>((done) => {
      answer = done
    })
    await page.route('**/visitor-keys', async (route) => {
      await held
      await route.continue()
    })
    const streams: string[] = []
    page.on('websocket', (socket) => streams.push(new URL(socket.url()).pathname))
    await page.goto(`${site().url}/live/${ticker()}`)
    await page.click('#own')
    await page.fill('#key', site().product.apiKey)
    await page.click('#key-form button')
    await page.waitForSelector('.pill.live')
    const made = page.waitForResponse('**/visitor-keys')
    answer()
    await (await made).finished()
    // Had it been begun anew, what it shows next would be of another stream.
    const seq = await page.textContent('#seq')
    await until('the book moved', async () => (await page.textContent('#seq')) !== seq)
    expect(await page.textContent('#feed')).toBe('live')
    expect(streams).toEqual([`/v1/markets/${ticker()}/stream`])
    await page.close()
  })

  test('a book that visitors may not see says how it is opened', async () => {
    const page = await (await site().visitor()).newPage()
    await page.route('**/visitor-keys', async (route) => {
      const answer = await route.fetch()
      const body = (await answer.json()) as { data: object }
      await route.fulfill({ response: answer, json: { data: { ...body.data, markets: [] } } })
    })
    await page.goto(`${site().url}/live/${ticker()}`)
    await page.waitForSelector('#get-key:not([hidden])')
    expect(await page.textContent('#why')).toContain('A free key opens this book.')
    await page.close()
  })
}
