import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type Browser, chromium } from 'playwright-core'
import { findChromium } from '../local/chromium.ts'
import { freePort } from '../local/free-port.ts'
import { PersonSteps } from '../local/person-steps.ts'
import { type Product, startProduct } from '../local/product.ts'
import { type Figure, figure } from './figure.ts'

const PAGES = [
  '/',
  '/pricing',
  '/status',
  '/markets',
  '/playground',
  '/docs',
  '/docs/api',
  '/docs/streams',
  '/signup',
]
/** What is data, not page. */
const DATA = /^\/(?:v1|visitor-keys|account)(?:\/|$)/
const SHOWN_MS = 60_000
const EMAIL = 'bench@example.com'

/**
 * What the heaviest page weighs compressed, all that it is made of and no data, beside the lightest; and how long a person
 * takes from the landing page to a first call of their own, beside what of it is waiting for us.
 */
export async function* benchSite(): AsyncGenerator<Figure> {
  const dataDir = await mkdtemp(join(tmpdir(), 'kalshibook-bench-'))
  const product = await startProduct({
    port: await freePort(),
    dataDir,
    fresh: false,
    json: true,
    shards: 2,
    databaseUrl: null,
    supabase: { kind: 'stand-in' },
    stripe: { kind: 'stand-in' },
    exchange: { kind: 'simulated', args: ['--markets', '12', '--rate', '10'] },
  })
  const found = await findChromium()
  const browser = await chromium.launch({
    executablePath: found.path,
    env: { ...process.env, ...found.env },
    args: ['--no-sandbox', '--disable-gpu'],
  })
  try {
    const weights: number[] = []
    for (const path of [...PAGES, await shownMarket(product)])
      weights.push(await weigh(browser, product, path))
    yield figure('page_bytes_most', 'bytes', Math.max(...weights), Math.min(...weights))
    const steps = await firstCall(browser, product)
    yield figure('landing_to_first_call_s', 's', steps.personMs / 1000, steps.waitedMs / 1000)
  } finally {
    await browser.close()
    await product.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** The page of a market that visitors may see, with all its pictures; a new record shows none for some seconds. */
async function shownMarket({ url }: Product): Promise<string> {
  for (const deadline = Date.now() + SHOWN_MS; Date.now() < deadline; ) {
    const answer = await fetch(`${url}/visitor-keys`, { method: 'POST', headers: { Origin: url } })
    const { data } = (await answer.json()) as { readonly data: { readonly markets: string[] } }
    const [ticker] = data.markets
    if (ticker !== undefined) return `/markets/${encodeURIComponent(ticker)}`
    await sleep(1000)
  }
  throw new Error('no market is shown to visitors')
}

async function weigh(browser: Browser, { url }: Product, path: string): Promise<number> {
  const page = await browser.newPage({ locale: 'en-US' })
  const sizes: Promise<number>[] = []
  page.on('response', (response) => {
    if (DATA.test(new URL(response.url()).pathname)) return
    // One that the page called off has no body.
    const body = response.body().catch(() => Buffer.alloc(0))
    sizes.push(body.then((bytes) => gzipSync(bytes).byteLength))
  })
  // With what its scripts ask for once they have data.
  await page.goto(url + path, { waitUntil: 'networkidle' })
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  await page.close()
  return bytes
}

async function firstCall(browser: Browser, { url, supabase }: Product): Promise<PersonSteps> {
  const page = await browser.newPage({ locale: 'en-US' })
  const steps = new PersonSteps(page)
  await steps.press('the address', 'header a[href="/signup"]', () => page.goto(url))
  await steps.press('header a[href="/signup"]', '#email')
  await steps.fill('#email', EMAIL)
  await steps.fill('#password', 'seven words that nobody else would think of')
  await steps.press('main form button', `text=${EMAIL}`)
  await steps.press('the link in the mail', 'main form button', async () => {
    const outbox = await fetch(`${supabase?.url}/outbox?email=${EMAIL}`)
    const [mail] = (await outbox.json()) as { readonly link: string }[]
    await page.goto(mail?.link ?? '')
  })
  await steps.press('main form button', 'text=Make my key')
  await steps.press('text=Make my key', '#try-button:visible')
  await steps.press('#try-button', '#try-answer:visible')
  const said = await page.textContent('#try-said')
  if (!said?.startsWith('200 ')) throw new Error(`the first call is answered ${said}`)
  return steps
}
