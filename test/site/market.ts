import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { parseInstant } from '#core/instant'
import type { BookAnswer } from '#core/wire/book-answer'
import { until } from '../until.ts'
import { signedIn } from './signed-in.ts'
import type { Site } from './site-rig.ts'

const OPEN = '#scrubber:not([hidden])'
const DEPTH = 12
type Levels = readonly (readonly string[])[]

/** The pages /markets and /markets/{ticker}, in a browser. */
export function testMarketPages(site: () => Site): void {
  const ticker = () => site().exchange.tickers()[0] ?? ''
  const openMarket = async (look = {}) => {
    const page = await site().open(`/markets/${ticker()}`, look)
    await page.waitForSelector(OPEN)
    await page.focus('#at')
    return page
  }

  test('a market is found by words without JavaScript, and its page has its book at any instant', async () => {
    const list = await site().open('/markets', { javaScript: false })
    await list.fill('#q', 'bitcoin')
    await list.click('main button')
    await list.waitForURL(/[?&]q=bitcoin/)
    expect(await list.locator('.found tbody tr').count()).toBeGreaterThan(0)
    await site().shoot(list, 'markets')
    await list.close()
    const page = await openMarket()
    for (const keys of [
      ['End', 'ArrowLeft'],
      ['PageDown', 'PageDown'],
      ['ArrowLeft', 'ArrowRight'],
    ]) {
      for (const key of keys) await page.keyboard.press(key)
      const instant = await instantOf(page)
      const path = `/v1/markets/${ticker()}/orderbook?at=${instant}&depth=${DEPTH}`
      const { body } = await site().product.get<{ data: BookAnswer }>(path)
      const { bids, asks } = body.data as { bids: Levels; asks: Levels }
      expect({ instant, ...(await ladderOf(page)) }).toEqual({ instant, bids, asks })
      expect(bids.length + asks.length).toBeGreaterThan(0)
      expect(await page.getAttribute('#ask-at', 'href')).toMatch(new RegExp(`&at=${instant}$`))
    }
    await site().shoot(page, 'market')
    await page.close()
  })

  test('arrow keys go from record to record, and it plays from there on to its end', async () => {
    const page = await openMarket({ width: 390, scheme: 'dark' })
    await page.keyboard.press('Home')
    const begin = await instantOf(page)
    await page.keyboard.press('ArrowRight')
    const first = await instantOf(page)
    await page.keyboard.press('ArrowRight')
    const second = await instantOf(page)
    expect([begin < first, first < second]).toEqual([true, true])
    await page.keyboard.press('ArrowLeft')
    expect(await instantOf(page)).toBe(first)
    expect(await page.getAttribute('#at', 'aria-valuetext')).toMatch(/UTC, bid \S+, ask \S+$/)
    await page.keyboard.press('End')
    const end = await instantOf(page)
    await page.keyboard.press('PageDown')
    await page.click('button[data-speed="60"]')
    await until('it has played to its end', async () => (await instantOf(page)) === end)
    expect(await page.getAttribute('button[data-speed="60"]', 'aria-pressed')).toBe('false')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await site().shoot(page, 'market-390-dark')
    await page.close()
  })

  test('a gap is shown as a gap, and no book in it', async () => {
    const gaps = async () => {
      const { body } = await site().product.get<{ data: Gap[] }>(`/v1/markets/${ticker()}/gaps`)
      return body.data
    }
    const before = (await gaps()).length
    site().exchange.dropNext(1, ticker())
    let gap: Gap | undefined
    await until('a gap is recorded, and over', async () => {
      gap = (await gaps())[before]
      return gap !== undefined && gap.to_us !== null
    })
    const { from_us = 0, to_us = 0 } = gap ?? {}
    const page = await openMarket({ scheme: 'dark' })
    await page.keyboard.press('Home')
    const windowUs = parseInstant(await instantOf(page)) ?? 0
    const show = (us: number) =>
      page.evaluate(`{
        const slider = document.getElementById('at')
        slider.value = ${(us - windowUs) / 1000}
        slider.dispatchEvent(new Event('input'))
      }`)
    await show((from_us + (to_us ?? 0)) / 2)
    expect(await page.textContent('#state')).toBe('gap')
    expect(await page.textContent('#why')).toContain('No book is known')
    expect(await ladderOf(page)).toEqual({ bids: [], asks: [] })
    expect(await page.getAttribute('#at', 'aria-valuetext')).toContain('gap: no book is known')
    await show((to_us ?? 0) + 1)
    expect(await page.textContent('#state')).toBe('known')
    expect(await page.locator('.gaps li').count()).toBeGreaterThan(0)
    await show((from_us + (to_us ?? 0)) / 2)
    await site().shoot(page, 'market-gap-dark')
    await page.close()
  })

  test('files of a day are what the API gives', async () => {
    const page = await openMarket()
    for (const kind of ['ndjson', 'tardis']) {
      await page.selectOption('#file-kind', kind)
      const asked = page.waitForRequest((request) =>
        /deltas\?from=.*limit=1000$/.test(request.url()),
      )
      const downloaded = page.waitForEvent('download')
      await page.click('#file-form button')
      const request = await asked
      const file = await readFile(await (await downloaded).path(), 'utf8')
      const { accept = '' } = request.headers()
      const authorization = `Bearer ${site().product.apiKey}`
      const answer = await fetch(request.url(), { headers: { accept, authorization } })
      const lines = rowsOf(file)
      expect(lines.length).toBeGreaterThan(1)
      // More was recorded meanwhile.
      expect(rowsOf(await answer.text()).slice(0, lines.length)).toEqual(lines)
    }
    await page.close()
  })

  test('a file is made once and bears the day that was asked for; one that broke off is none', async () => {
    const page = await openMarket()
    let [asked, cut] = [0, false]
    let answer = () => {}
    const held = new Promise<void>((done) => {
      answer = done
    })
    await page.route(/deltas\?.*limit=1000$/, async (route) => {
      asked += 1
      await held
      const url = route.request().url().replace('limit=1000', 'limit=3')
      const response = await route.fetch({ url })
      const text = await response.text()
      await route.fulfill({ response, body: cut ? text.replace(/\{"type":"end".*\n$/, '') : text })
    })
    const day = await page.inputValue('#file-day')
    const downloaded = page.waitForEvent('download')
    await page.click('#file-form button')
    await page.click('#file-form button')
    await page.fill('#file-day', '2026-01-01')
    answer()
    expect((await downloaded).suggestedFilename()).toBe(`${ticker()}-${day}.ndjson`)
    await page.locator('#file-note', { hasText: 'the day holds more than that.' }).waitFor()
    expect(asked).toBe(1)
    cut = true
    await page.fill('#file-day', day)
    await page.click('#file-form button')
    await page.locator('#file-note', { hasText: 'broke off: its last line is missing' }).waitFor()
    await page.close()
  })

  test('of a day that holds more than one call reads, the rest is read on demand', async () => {
    const page = await (await site().visitor()).newPage()
    // As if a visitor's call had eight records.
    await page.route(/deltas\?.*limit=1000/, (route) =>
      route.continue({ url: route.request().url().replace('limit=1000', 'limit=8') }),
    )
    await page.goto(`${site().url}/markets/${ticker()}`)
    await page.waitForSelector(OPEN)
    await page.selectOption('#window', 'day')
    await page.click('#window-form button')
    const end = async () => {
      await page.focus('#at')
      await page.keyboard.press('End')
      return instantOf(page)
    }
    await page.waitForSelector('#read-on:not([hidden])')
    const first = await end()
    await page.click('#read-on')
    await until('more was read', async () => (await end()) > first)
    const instant = await end()
    const path = `/v1/markets/${ticker()}/orderbook?at=${instant}&depth=${DEPTH}`
    const { body } = await site().product.get<{ data: BookAnswer }>(path)
    const { bids, asks } = body.data as { bids: Levels; asks: Levels }
    expect(await ladderOf(page)).toEqual({ bids, asks })
    await page.close()
  })

  test('an account is told what a window costs before it is read', async () => {
    const { page } = await signedIn(site())
    await page.goto(`${site().url}/markets/${ticker()}`)
    await page.waitForSelector('#cost:not(:empty)')
    expect(await page.textContent('#cost')).toBe(
      'Reads up to 10,000 records: at most 10 credits, 1 for each 1,000.',
    )
    expect(await page.isVisible('#scrubber')).toBe(false)
    expect(await page.textContent('#file-note')).toMatch(
      /^Costs 1 credit as of now: the day holds \d+ records, 1 credit for each 1,000/,
    )
    await site().shoot(page, 'market-account')
    await page.click('#window-form button')
    await page.waitForSelector(OPEN)
    expect(await page.textContent('#read-note')).toMatch(/^\d+ records\.$/)
    await page.close()
  })
}

type Gap = { readonly from_us: number; readonly to_us: number | null }

async function instantOf(page: Page): Promise<string> {
  return (await page.getAttribute('#time', 'datetime')) ?? ''
}

/** The levels that are shown, best first. */
async function ladderOf(page: Page): Promise<{ bids: string[][]; asks: string[][] }> {
  const rows = await page.locator('#ladder tr:is(.bid, .ask):visible').evaluateAll((found) =>
    found.map((row) => ({
      side: row.className,
      level: [row.querySelector('.price'), row.querySelector('b')].map(
        (cell) => cell?.textContent ?? '',
      ),
    })),
  )
  const of = (side: string) => rows.filter((row) => row.side === side).map(({ level }) => level)
  return { bids: of('bid'), asks: of('ask').reverse() }
}

/** The rows of a file: without what says how it ended. */
function rowsOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{"type":"end","records"'))
}
