import { gzipSync } from 'node:zlib'
import { source as axe } from 'axe-core'
import type { BrowserContext, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { signedIn } from './signed-in.ts'
import type { Site } from './site-rig.ts'

/** Bytes of a page and all that it is made of, as a browser takes them compressed. */
const MOST_BYTES = 100_000
/** Each page is looked at in both ways. */
const LOOKS = [
  { width: 1200, height: 900, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
] as const
/** A page of each sort; `T` is a market. */
const OPEN_PAGES = [
  '/',
  '/pricing',
  '/status',
  '/licence',
  '/signup',
  '/login',
  '/reset',
  '/markets',
  '/markets/T',
  '/live/T',
  '/playground',
  '/docs',
  '/docs/errors',
  '/docs/api',
  '/docs/api/explorer',
  '/docs/streams',
  '/there-is-no-such-page',
]
const OWN_PAGES = [
  '/dashboard',
  '/dashboard/keys',
  '/dashboard/requests',
  '/dashboard/billing',
  '/dashboard/settings',
  '/account/password',
]
/** What is data, not page. */
const DATA = /^\/(?:v1|visitor-keys|account\/(?:page-keys|session|requests))(?:\/|$)/

/** What must hold of every page, whoever wrote it. */
export function testWholeSite(site: () => Site): void {
  const ticker = () => site().exchange.tickers()[0] ?? ''
  const pathOf = (path: string) => path.replace(/\/T$/, `/${encodeURIComponent(ticker())}`)

  const NO_FAULT =
    'keeps the rules of accessibility, fits a phone, is light, and speaks to us alone'

  for (const path of OPEN_PAGES) {
    test(`${path} ${NO_FAULT}`, async () => {
      const stranger = await site().visitor()
      expect(await faultsOf(stranger, pathOf(path))).toEqual([])
      await stranger.close()
    })
  }

  test(`each page of who is signed in ${NO_FAULT}`, async () => {
    const { context } = await signedIn(site())
    const faults: string[] = []
    for (const path of OWN_PAGES) faults.push(...(await faultsOf(context, path)))
    expect(faults).toEqual([])
    await context.close()
  })

  test('every link of the site, and every place in a page that one names, is there', async () => {
    const seen = new Map<string, string>()
    const wanted: { readonly from: string; readonly to: URL }[] = []
    const left = ['/', '/sitemap.xml', '/llms.txt', `/markets/${ticker()}`]
    const problems: string[] = []
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      if (seen.has(path)) continue
      const answer = await fetch(site().url + path, { redirect: 'follow' })
      const text = await answer.text()
      seen.set(path, text)
      if (answer.status !== 200) problems.push(`${path}: ${answer.status}`)
      if (!/html|xml|markdown|llms|plain/.test(answer.headers.get('Content-Type') ?? '')) continue
      for (const to of linksIn(text, new URL(path, site().url))) {
        if (to.origin !== site().url) continue
        wanted.push({ from: path, to })
        // Only the first page of what goes on for ever.
        const next = to.pathname + (to.pathname === '/playground' ? '' : to.search)
        if (!seen.has(next) && !/[?&](?:cursor|page|from|at)=/.test(next)) left.push(next)
      }
    }
    for (const { from, to } of wanted) {
      const anchor = decodeURIComponent(to.hash.slice(1))
      const text = seen.get(to.pathname + to.search)
      // What is no HTML has headings, and no ids.
      if (anchor === '' || !text?.includes('<html') || to.pathname === '/playground') continue
      if (!text.includes(`id="${anchor}"`))
        problems.push(`${from}: ${to.pathname} has no #${anchor}`)
    }
    expect([...new Set(problems)]).toEqual([])
    expect(seen.size).toBeGreaterThan(30)
  }, 60_000)

  async function faultsOf(context: BrowserContext, path: string): Promise<string[]> {
    const page = await context.newPage()
    const sizes: Promise<number>[] = []
    page.on('response', (response) => {
      const url = new URL(response.url())
      if (url.origin !== site().url || DATA.test(url.pathname)) return
      const body = response.body().catch(() => Buffer.alloc(0))
      sizes.push(body.then((bytes) => gzipSync(bytes).byteLength))
    })
    const answer = await page.goto(site().url + path)
    const policy = (await answer?.headerValue('Content-Security-Policy')) ?? ''
    const faults = /script-src 'self'(?:;|$)/.test(policy) ? [] : [`its policy is ${policy}`]
    for (const { width, height, colorScheme } of LOOKS) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      const seen = [...(await tooWide(page, width)), ...(await accessFaults(page))]
      faults.push(...seen.map((fault) => `${width} px, ${colorScheme}: ${fault}`))
    }
    // By now its scripts have asked for all that they show data with.
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    if (bytes > MOST_BYTES) faults.push(`${bytes} bytes`)
    await page.close()
    return faults.map((fault) => `${path}: ${fault}`)
  }
}

async function tooWide(page: Page, width: number): Promise<string[]> {
  const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
  return wide > width ? [`${wide} px wide`] : []
}

async function accessFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate<{
    violations: { id: string; nodes: { target: string[]; failureSummary?: string }[] }[]
  }>('axe.run(document, { resultTypes: ["violations"] })')
  return violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map(({ target, failureSummary = '' }) => {
      const why = failureSummary.split('\n').slice(1, 2).join(' ').trim()
      return `${id} at ${target.join(' ')}: ${why}`
    }),
  )
}

/** The addresses that a page or a text names. */
function linksIn(text: string, base: URL): URL[] {
  const names = [
    ...text.matchAll(/(?:href|src|action)="([^"]+)"/g),
    ...text.matchAll(/<loc>([^<]+)<\/loc>/g),
    ...text.matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, name = '']) => name.replaceAll('&amp;', '&'))
  return names.flatMap((name) => {
    const url = URL.parse(name, base.href)
    return url === null || !/^https?:$/.test(url.protocol) ? [] : [url]
  })
}
