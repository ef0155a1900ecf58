import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { callOf } from '../../worker/site/playground/call.ts'
import { readOperations } from '../../worker/site/playground/read-operations.ts'
import { sampleOf } from '../../worker/site/playground/samples.ts'
import { until } from '../until.ts'
import { signedIn } from './signed-in.ts'
import type { Site } from './site-rig.ts'

const run = promisify(execFile)

/** The playground, in a browser. */
export function testPlayground(site: () => Site): void {
  test('a visitor sees what a book costs, sends, and takes ladder, JSON and a curl that works', async () => {
    const page = await site().open('/playground')
    await page.getByText('Costs at most 1 credit.').waitFor()
    expect(await page.textContent('#who')).toContain('500 credits a day and 5 requests a second')
    await page.click('#send')
    await page.waitForSelector('.ladder tr.bid:not([hidden]), .ladder tr.ask:not([hidden])')
    expect(await page.textContent('#told')).toMatch(/Credits1.*Request idreq_/)
    expect(await page.textContent('#left')).toMatch(/^\d+ credits are left today\.$/)
    await site().shoot(page, 'playground-book')
    await page.getByRole('tab', { name: 'JSON' }).click()
    expect(await page.textContent('#text')).toContain('"status": "live"')
    const shown = (await page.textContent('#sample')) ?? ''
    const script = shown.replace(/^curl/, "curl -s -o /dev/null -w '%{http_code}'")
    const env = { ...process.env, KALSHIBOOK_KEY: site().product.apiKey }
    expect((await run('sh', ['-c', script], { env })).stdout).toBe('200')
  })

  test('an instant of the past is asked for by a press, and the address names the call', async () => {
    const page = await site().open('/playground#op=getMarketOrderbook&depth=5&view=native')
    await page.getByRole('button', { name: 'now' }).click()
    // The record comes to a moment later, and an API that is asked for it too soon refuses.
    const [ticker, at] = [
      await page.inputValue('#field-ticker'),
      await page.inputValue('#field-at'),
    ]
    const path = `/v1/markets/${ticker}/orderbook?at=${at}`
    const is = async () => (await site().product.get(path)).status === 200
    await until('that moment is recorded', is)
    await page.click('#send')
    await page.waitForSelector('.ladder')
    await page.getByRole('tab', { name: 'JSON' }).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    expect(await page.textContent('#text')).toContain('"status": "as_of"')
    expect(page.url()).toMatch(
      /#op=getMarketOrderbook&ticker=[^&]+&at=[\dT:.-]+Z&depth=5&view=native$/,
    )
    await page.selectOption('#operation', 'listMarketCandles')
    expect(page.url()).toMatch(/#op=listMarketCandles&ticker=/)
    await page.goBack()
    expect(await page.inputValue('#field-depth')).toBe('5')
  })

  test('what is wrong stands beside its field, before it is sent and after', async () => {
    const page = await site().open('/playground', { width: 390, height: 844, scheme: 'dark' })
    await page.fill('#field-depth', '0')
    const fault = page.locator('#field-depth-fault')
    await fault.filter({ hasText: 'must be a whole number from 1 to 1000' }).waitFor()
    expect(await page.getAttribute('#field-depth', 'aria-invalid')).toBe('true')
    await page.fill('#field-depth', '1001')
    await page.click('#send')
    await page.getByText('422 invalid_param').waitFor()
    expect(await focused(page)).toBe('field-depth')
    await page.fill('#field-ticker', '')
    await page.click('#send')
    await page.getByText('This is required').waitFor()
    await site().shoot(page, 'playground-fault-390')
  })

  test('a ticker is chosen from suggestions by keyboard, of those that visitors may see', async () => {
    const page = await site().open('/playground', { width: 390, height: 844 })
    await page.focus('#field-ticker')
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('kx')
    await page.waitForSelector('[role=option]')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    const active = await page.getAttribute('#field-ticker', 'aria-activedescendant')
    const chosen = await page.textContent(`[id="${active}"]`)
    await site().shoot(page, 'playground-suggestions-390')
    await page.keyboard.press('Enter')
    expect(await page.inputValue('#field-ticker')).toBe(chosen)
    expect(await page.getAttribute('#field-ticker', 'aria-expanded')).toBe('false')
    expect(await focused(page)).toBe('field-ticker')
    const wide: unknown = await page.evaluate('document.documentElement.scrollWidth')
    expect(wide).toBe(390)
  })

  test('candles, best prices, trades and a log are drawn over time', async () => {
    const page = await site().open('/playground', { scheme: 'dark' })
    const ticker = await page.inputValue('#field-ticker')
    for (const rows of ['candles?interval=1m', 'bbo', 'trades', 'deltas']) {
      await until(`there are ${rows}`, async () => {
        const { body } = await site().product.get<{ data: unknown[] }>(
          `/v1/markets/${ticker}/${rows}`,
        )
        return body.data.length > 0
      })
    }
    for (const op of ['Candles&interval=1m', 'Bbo', 'Deltas', 'Trades']) {
      await page.goto(`${site().url}/playground#op=listMarket${op}&ticker=${ticker}`)
      await page.click('#send')
      await page.waitForSelector('#picture canvas')
      expect(await page.getAttribute('#picture .chart', 'aria-label')).toMatch(/\d/)
    }
    await site().shoot(page, 'playground-chart-dark')
  })

  test('a visitor follows a stream, and ends it', async () => {
    const page = await site().open('/playground#op=openStream')
    expect(await page.inputValue('#field-conflate_ms')).toBe('250')
    await page.click('#send')
    await page.waitForSelector('.ladder tr.bid:not([hidden]), .ladder tr.ask:not([hidden])')
    await page.getByText('"type":"deltas"').first().waitFor()
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page.getByText(/ended after \d+ messages/).waitFor()
    await page.selectOption('#operation', 'listMarkets')
    await page.getByText('A visitor key may not call this.').waitFor()
  })

  test('a stream that was ended before its key came is not opened; an answer still being drawn is not shown for another call', async () => {
    const page = await (await site().visitor()).newPage()
    let answer = () => {}
    const held = new Promise<void>((done) => {
      answer = done
    })
    await page.route('**/visitor-keys', async (route) => {
      await held
      await route.continue()
    })
    let streams = 0
    page.on('websocket', () => {
      streams += 1
    })
    await page.goto(`${site().url}/playground#op=openStream`)
    const asked = page.waitForRequest('**/visitor-keys')
    await page.click('#send')
    await asked
    await page.click('#stop')
    await page.selectOption('#operation', 'getMarketOrderbook')
    const cost = page.getByText('Costs at most 1 credit.').waitFor()
    answer()
    await cost
    expect(streams).toBe(0)
    let load = () => {}
    const loaded = new Promise<void>((done) => {
      load = done
    })
    await page.route('**/site/*.js', async (route) => {
      await loaded
      await route.continue()
    })
    const drawing = page.waitForRequest('**/site/*.js')
    await page.click('#send')
    await drawing
    await page.selectOption('#operation', 'getMarket')
    await page.getByText('nothing sent yet').waitFor()
    const drawn = page.waitForEvent('requestfinished', (each) => each.url().endsWith('.js'))
    load()
    await drawn
    await page.evaluate('new Promise((done) => requestAnimationFrame(done))')
    expect(await page.textContent('#state')).toBe('nothing sent yet')
    expect(await page.isVisible('#picture')).toBe(false)
    expect(await page.isVisible('#after')).toBe(false)
    await page.close()
  })

  test('who is signed in calls by the account, and finds every market', async () => {
    const { page, email } = await signedIn(site())
    await page.goto(`${site().url}/playground#op=listMarketTrades`)
    expect(await page.textContent('#who')).toContain(`You call as ${email}`)
    await page.fill('#field-ticker', 'gold')
    await page.waitForSelector('[role=option] span')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    expect(await page.inputValue('#field-ticker')).toMatch(/^KXGOLD/)
    await page.click('#send')
    await page.getByText('credits are left this month').waitFor()
    await page.waitForSelector('#send')
    await site().shoot(page, 'playground-account')
  })

  test('when the day of visitors is spent it says what to do', async () => {
    const context = await site().visitor({ width: 390, height: 844 })
    const page = await context.newPage()
    const error = { code: 'quota_exceeded', message: 'the credits of today are spent' }
    await page.route('**/visitor-keys', (route) => route.fulfill({ status: 402, json: { error } }))
    await page.goto(`${site().url}/playground`)
    await page.getByText('It begins anew at 00:00 UTC; a free key').waitFor()
    await page.click('#send')
    await page.locator('#refusal').filter({ hasText: error.message }).waitFor()
  })

  test('every endpoint of the OpenAPI document has a form and code in three languages; without JavaScript the reference', async () => {
    const document = (await (await fetch(`${site().url}/openapi.json`)).json()) as {
      readonly paths: Readonly<Record<string, object>>
    }
    const operations = readOperations(document)
    expect(operations.map(({ path }) => path).sort()).toEqual(Object.keys(document.paths).sort())
    const page = await (await fetch(`${site().url}/playground`)).text()
    expect(page).toMatch(/<noscript>.*needs JavaScript.*<a href="\/docs\/api">.*<\/noscript>/)
    for (const operation of operations) {
      expect(page).toContain(`<option value="${operation.id}">`)
      for (const accept of operation.formats.length === 0 ? [''] : operation.formats) {
        const values = Object.fromEntries(
          operation.fields.map(({ name, example, choices, least }) => [
            name,
            example ?? choices?.at(-1) ?? String(least ?? 'A-1'),
          ]),
        )
        const call = callOf(operation, { ...values, accept })
        expect(call.missing).toEqual([])
        expect(call.path).not.toContain('{')
        const typescript = sampleOf('TypeScript', call, site().url)
        await transform(typescript, { loader: 'ts', format: 'esm' })
        const shell = sampleOf('curl', call, site().url)
        await run('sh', ['-n', '-c', shell])
        const python = sampleOf('Python', call, site().url)
        for (const sample of [typescript, shell, python]) {
          expect(sample.includes('KALSHIBOOK_KEY')).toBe(!operation.open)
        }
      }
    }
  })
}

function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.id')
}
